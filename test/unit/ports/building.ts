import { readManifests } from '../../../src/cluster/manifests.ts';
import { readConfig } from '../../../src/config/load.ts';
import { FAMILIES, parseAddress, type Address, type Family } from '../../../src/net/address.ts';
import type { Listener } from '../../../src/model/listener.ts';
import { claimsOf, type Claim } from '../../../src/ports/claims.ts';
import { kernelReading, type KernelRules } from '../../../src/ports/kernel-rules.ts';
import type { LiveFacts } from '../../../src/ports/report.ts';
import { nodeView } from '../../../src/routing/node-view.ts';

function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`no address: ${text}`);
  return parsed;
}

export const NODE_ADDRESSES = ['192.168.77.10', 'fd00:77::10'].map(address);

/** What node-a has to do with the Services and EndpointSlices of these objects. */
export function claims(objects: readonly object[], families: readonly Family[] = FAMILIES): readonly Claim[] {
  const { cluster } = readManifests([
    { name: 'test', text: JSON.stringify({ kind: 'List', apiVersion: 'v1', items: objects }) },
  ]);
  const { settings } = readConfig({ flags: {} });
  const host = { interfaceAddresses: NODE_ADDRESSES, conntrackLiberal: false };
  const identity = { name: 'node-a', node: undefined };
  return claimsOf(
    cluster,
    families.map((family) => nodeView(family, settings, identity, host)),
  );
}

export function service(name: string, spec: Readonly<Record<string, unknown>>): object {
  const metadata = { name, namespace: 'web' };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { type: 'NodePort', clusterIP: '10.96.0.1', ...spec },
  };
}

export const DUAL_STACK = { clusterIPs: ['10.96.0.1', 'fd00:96::1'], ipFamilies: ['IPv4', 'IPv6'] };

/** @param nodes where the endpoints are, one each */
export function slice(serviceName: string, nodes: readonly string[], family: Family = 'ipv4'): object {
  const isIPv4 = family === 'ipv4';
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${serviceName}-${family}`,
      namespace: 'web',
      labels: { 'kubernetes.io/service-name': serviceName },
    },
    addressType: isIPv4 ? 'IPv4' : 'IPv6',
    endpoints: nodes.map((nodeName, index) => ({
      addresses: [isIPv4 ? `10.244.0.${index + 1}` : `fd00:244::${index + 1}`],
      nodeName,
    })),
    ports: [{ name: '', protocol: 'TCP', port: 8080 }],
  };
}

export function port(nodePort: number, fields: Readonly<Record<string, unknown>> = {}): object {
  return { port: 80, nodePort, ...fields };
}

export function listener(at: string, number: number, command?: string): Listener {
  const owner = command === undefined ? undefined : { pid: 812, command };
  return { protocol: 'tcp', address: address(at), port: number, owner };
}

/** What `iptables-save -c` printed of both tables, as the program reads it. */
export function kernel(filter: readonly string[], nat: readonly string[]): KernelRules {
  const reading = kernelReading();
  for (const line of filter) reading.line('filter', line);
  for (const line of [':KUBE-NODEPORTS - [0:0]', ...nat]) reading.line('nat', line);
  return reading.finish();
}

export function live(fields: Partial<LiveFacts> = {}): LiveFacts {
  return { backend: undefined, rules: new Map(), listeners: [], ephemeral: undefined, ...fields };
}
