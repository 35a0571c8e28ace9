import { describe, expect, it } from 'vitest';
import type { BackendKind } from '../../src/iptables/backend.ts';
import { output } from './namespace.ts';
import { otherObjects, STEADY_DESTINATIONS, steadyObjects } from './traffic/plan.ts';
import { desiredRules, settledRules, startChainwright, writeManifests, type Proxy } from './traffic/proxy.ts';
import { makeStagedTools, STAGES } from './traffic/staged-tools.ts';
import { makeTrafficStage } from './traffic/stage.ts';

/*
 * kill -9 at every stage of a sync, while a client makes new connections to services that nobody changes.
 */

const BACKENDS: readonly BackendKind[] = ['nft', 'legacy'];
/** Enough for a full sync to write several sections on nft. */
const OTHERS = 160;

for (const kind of BACKENDS) {
  describe(`the daemon, killed again and again, ${kind}`, () => {
    it.each(['process', 'everything'] as const)(
      'costs the services that did not change no packet, and the next one mends the rest; %s',
      async (whom) => {
        await using resources = new AsyncDisposableStack();
        const { network, directory, manifests } = resources.use(await makeTrafficStage(kind));
        const { node } = network;
        const tools = await makeStagedTools(directory);
        let proxy: Proxy | undefined;
        resources.defer(() => proxy?.kill('everything'));
        const start = (): Proxy =>
          (proxy = startChainwright(node, ['--source', `dir:${manifests}`], tools.directory));
        let round = 0;
        const edit = (): Promise<void> => {
          round += 1;
          return writeManifests(manifests, [...steadyObjects(), ...otherObjects(OTHERS, round)]);
        };

        await edit();
        let running = start();
        const first = await desiredRules(manifests);
        expect(await settledRules(node, kind, first)).toBe(first);
        const asking = await network.startAsking(STEADY_DESTINATIONS);
        const holding = await network.startHolding(
          STEADY_DESTINATIONS.filter(({ protocol }) => protocol === 'tcp'),
        );
        const strays = await network.strayPackets();

        for (const stage of STAGES) {
          await tools.haltAt(stage);
          // In the sync of a change, which reads nothing;
          if (stage !== 'beforeSave' && stage !== 'inSave') {
            await edit();
            await tools.halted();
          }
          await running.kill(whom);
          // and in the full sync of the daemon that follows.
          await edit();
          await tools.haltAt(stage);
          running = start();
          await tools.halted();
          await running.kill(whom);

          await tools.haltAt(undefined);
          running = start();
          const desired = await desiredRules(manifests);
          expect(await settledRules(node, kind, desired), stage).toBe(desired);
          for (const traffic of [asking, holding]) {
            expect((await traffic.tally()).failures, stage).toEqual({});
          }
          expect(await network.strayPackets(), stage).toBe(strays);
        }
        for (const traffic of [asking, holding]) {
          const { asked, answered, failures } = await traffic.finish();
          expect({ answered, failures }).toEqual({ answered: asked, failures: {} });
          expect(asked).toBeGreaterThan(STAGES.length * 100);
        }
        // The last one that was killed may have left nothing to do, and this one may still be starting.
        await expect.poll(running.log, { timeout: 30_000 }).toContain('rules are current family=ipv4');
        expect(running.log()).not.toContain('ERROR');
        expect(await running.stop(), running.log()).toBe(0);

        // Had a packet been lost, it would have been counted.
        await output(node, `iptables-${kind}`, '-t', 'nat', '-F', 'KUBE-SERVICES');
        await network.startAsking(STEADY_DESTINATIONS);
        await expect.poll(network.strayPackets).toBeGreaterThanOrEqual(strays + STEADY_DESTINATIONS.length);
      },
      180_000,
    );
  });
}
