import { describe, expect, it } from 'vitest';
import { KUBE_FIREWALL } from '../../src/chains/fixed.ts';
import { backendOf } from '../../src/iptables/backend.ts';
import { holdsNothing, readJumps, readSnapshot } from '../../src/iptables/snapshot.ts';
import { feed, makeNamespace } from './namespace.ts';
import { endpoints, service, stage } from './sync-stage.ts';

/* What is read where a table cannot be read whole. */

describe.each(['nft', 'legacy'] as const)('the jumps to our chains, read one chain at a time, %s', (kind) => {
  it('are those of a whole reading, with the kubelet’s chain and no other', async () => {
    await using node = await makeNamespace();
    const { backend, take } = stage(node, kind);
    await take(service('shop', 1), endpoints('shop', 1));
    const others = [
      '*nat',
      '-A PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 80',
      'COMMIT',
      '*filter',
      '-A KUBE-FIREWALL -m comment --comment "the kubelet\'s own" -m mark --mark 0x8000/0x8000 -j DROP',
      'COMMIT',
      '',
    ];
    await feed(node, others.join('\n'), ...backend.restore.slice(-1), '--noflush');
    const whole = await readSnapshot(backend);
    const jumps = await readJumps(backend);
    expect(jumps.nat).toEqual({ chains: new Map(), serviceChains: new Set(), jumps: whole.nat.jumps });
    expect(jumps.nat.jumps.size).toBe(3);
    expect(jumps.filter).toEqual({
      chains: new Map([[KUBE_FIREWALL, whole.filter.chains.get(KUBE_FIREWALL)]]),
      serviceChains: new Set(),
      jumps: whole.filter.jumps,
    });
    expect(jumps.filter.jumps.size).toBe(11);
  });

  it('are none where there is nothing', async () => {
    await using node = await makeNamespace();
    const { filter, nat } = await readJumps(backendOf(kind, 'ipv4', node.via));
    expect(holdsNothing(filter) && holdsNothing(nat)).toBe(true);
  });
});
