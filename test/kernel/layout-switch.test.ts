import { expect, it } from 'vitest';
import { isTreeChain } from '../../src/chains/names.ts';
import { output } from './namespace.ts';
import { otherObjects, STEADY_DESTINATIONS, steadyObjects } from './traffic/plan.ts';
import { desiredRules, settledRules, startChainwright, writeManifests } from './traffic/proxy.ts';
import { makeTrafficStage } from './traffic/stage.ts';

/* A cluster that grows past the border and shrinks again, while a client makes new connections. */

const FEW = 100;
const MANY = 400;

it.each(['nft', 'legacy'] as const)(
  'a node that changes its layout loses no packet, %s',
  async (kind) => {
    await using resources = new AsyncDisposableStack();
    const { network, manifests } = resources.use(await makeTrafficStage(kind));
    const { node } = network;
    const hasTrees = async (): Promise<boolean> => {
      const saved = await output(node, `iptables-${kind}-save`, '-t', 'nat');
      return [...saved.matchAll(/^:(\S+)/gm)].some(([, name = '']) => isTreeChain(name));
    };
    const grow = (count: number): Promise<void> =>
      writeManifests(manifests, [...steadyObjects(), ...otherObjects(count, 1)]);

    await grow(FEW);
    const proxy = startChainwright(node, ['--source', `dir:${manifests}`]);
    resources.defer(() => proxy.kill('everything'));
    const few = await desiredRules(manifests);
    expect(await settledRules(node, kind, few)).toBe(few);
    const asking = await network.startAsking(STEADY_DESTINATIONS);
    const holding = await network.startHolding(
      STEADY_DESTINATIONS.filter(({ protocol }) => protocol === 'tcp'),
    );
    const strays = await network.strayPackets();

    for (let round = 0; round < 3; round += 1) {
      await grow(MANY);
      const many = await desiredRules(manifests);
      expect(await settledRules(node, kind, many)).toBe(many);
      expect(await hasTrees()).toBe(true);
      await grow(FEW);
      expect(await settledRules(node, kind, few)).toBe(few);
      expect(await hasTrees()).toBe(false);
    }

    expect(await network.strayPackets()).toBe(strays);
    for (const traffic of [asking, holding]) {
      const { asked, answered, failures } = await traffic.finish();
      expect({ answered, failures }).toEqual({ answered: asked, failures: {} });
      expect(asked).toBeGreaterThan(100);
    }
    expect(await proxy.stop(), proxy.log()).toBe(0);
  },
  180_000,
);
