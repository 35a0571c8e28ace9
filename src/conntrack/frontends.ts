import type { Route } from '../routing/route.ts';
import type { Entry } from './entry.ts';

/** By which of a service port's addresses a client came. */
export type FrontendKind = 'clusterIP' | 'external' | 'nodePort';

export interface Frontend<Subject> {
  readonly kind: FrontendKind;
  readonly subject: Subject;
}

/** What is known of the service ports, by the addresses that clients use. */
export interface FrontendIndex<Subject> {
  readonly byAddress: Map<string, Frontend<Subject>[]>;
  readonly byNodePort: Map<string, Frontend<Subject>[]>;
}

export function indexFrontends<Subject extends { readonly route: Route }>(
  subjects: Iterable<Subject>,
): FrontendIndex<Subject> {
  const byAddress = new Map<string, Frontend<Subject>[]>();
  const byNodePort = new Map<string, Frontend<Subject>[]>();
  for (const subject of subjects) {
    const { protocol, clusterIP, externalIPs, loadBalancerIPs, port, nodePort } = subject.route;
    if (clusterIP !== undefined) {
      add(byAddress, addressKey(protocol, clusterIP, port), { kind: 'clusterIP', subject });
    }
    for (const address of new Set([...externalIPs, ...loadBalancerIPs])) {
      add(byAddress, addressKey(protocol, address, port), { kind: 'external', subject });
    }
    if (nodePort !== undefined) add(byNodePort, `${protocol} ${nodePort}`, { kind: 'nodePort', subject });
  }
  return { byAddress, byNodePort };
}

/**
 * Whom an entry was addressed to. A node port counts on whatever address, for addresses come and go,
 * but not where the address and port are a service's own.
 */
export function frontendsOf<Subject>(
  { byAddress, byNodePort }: FrontendIndex<Subject>,
  { protocol, original }: Entry,
): readonly Frontend<Subject>[] {
  const { destination, destinationPort } = original;
  if (destinationPort === undefined) return [];
  return (
    byAddress.get(addressKey(protocol, destination, destinationPort)) ??
    byNodePort.get(`${protocol} ${destinationPort}`) ??
    []
  );
}

function addressKey(protocol: string, address: string, port: number): string {
  return `${protocol} ${address} ${port}`;
}

function add<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
