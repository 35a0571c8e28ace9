import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { LayoutName } from '../../src/chains/layout-choice.ts';
import type { Change } from '../../src/cluster/source.ts';
import type { BackendKind } from '../../src/iptables/backend.ts';
import { chiSquare, chiSquareCritical, ONE_IN_A_MILLION } from '../../src/lab/chi-square.ts';
import type { Address } from '../../src/net/address.ts';
import { makeNamespace, output, type Namespace } from './namespace.ts';
import { endpoints, service, stage } from './sync-stage.ts';

/*
 * Real flows from a node to a service, and whom the kernel chose for each, by its own table of connections.
 * Nobody needs to answer for that.
 */

const BACKENDS: readonly BackendKind[] = ['nft', 'legacy'];
const LAYOUTS: readonly LayoutName[] = ['classic', 'indexed'];
const SENDER = fileURLToPath(new URL('flow-sender.ts', import.meta.url));
/** A flow is a port of the sender's and an address of the service's: so many need few sockets. */
const ADDRESSES = Array.from({ length: 100 }, (_, index) => `198.51.100.${index}` as Address);
const SOCKETS = 200;
const FLOWS = ADDRESSES.length * SOCKETS;

async function makeNode(): Promise<Namespace> {
  const node = await makeNamespace();
  await output(node, 'ip', 'link', 'set', 'lo', 'up');
  await output(node, 'ip', 'link', 'add', 'pods', 'type', 'veth', 'peer', 'name', 'away');
  await output(node, 'ip', 'address', 'add', '192.0.2.1/24', 'dev', 'pods');
  for (const device of ['away', 'pods']) await output(node, 'ip', 'link', 'set', device, 'up', 'arp', 'off');
  await output(node, 'ip', 'route', 'add', 'default', 'dev', 'pods');
  return node;
}

/** A slice with so many endpoints. */
function slice(count: number): readonly Change[] {
  return endpoints('shop', 1).map((change) => {
    if (change.kind !== 'slice' || change.object === undefined) throw new Error('expected a slice');
    const [like] = change.object.endpoints;
    if (like === undefined) throw new Error('expected an endpoint');
    const addresses = Array.from({ length: count }, (_, index) => `10.244.${index >> 8}.${index & 255}`);
    return {
      ...change,
      object: {
        ...change.object,
        ports: [{ name: '', protocol: 'udp', port: 8080 }],
        endpoints: addresses.map((address) => ({ ...like, address: address as Address })),
      },
    };
  });
}

/** How many flows each endpoint was given. */
async function chosen(node: Namespace): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const line of (await output(node, 'conntrack', '-L', '-p', 'udp', '--dport', '80')).split('\n')) {
    // The second source is that of the answer which is waited for.
    const endpoint = / src=.* src=(\S+)/.exec(line)?.[1];
    if (endpoint !== undefined) counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
  }
  return counts;
}

describe.each(BACKENDS)('shares of real flows, rules in %s', (kind) => {
  it.each(LAYOUTS)('are equal for 3, 100 and 1,000 endpoints, layout %s', async (name) => {
    await using node = await makeNode();
    const { take } = stage(node, kind, () => ({ name, comments: 'auto' }));
    const ports = [{ name: '', protocol: 'udp' as const, port: 80, nodePort: undefined }];
    await take(service('shop', 1, { ports, externalIPs: ADDRESSES }));
    for (const count of [3, 100, 1_000]) {
      await take(slice(count));
      await output(node, 'conntrack', '-F');
      await output(node, process.execPath, SENDER, String(SOCKETS), '80', ...ADDRESSES);
      const counts = [...(await chosen(node)).values()];
      expect(counts.length).toBe(count);
      expect(counts.reduce((sum, each) => sum + each, 0)).toBe(FLOWS);
      const critical = chiSquareCritical(count - 1, ONE_IN_A_MILLION);
      const shares = counts.map(() => 1 / count);
      expect(chiSquare(counts, shares), `${count} endpoints`).toBeLessThan(critical);
    }
  });
});
