import type { Service } from '../model/objects.ts';
import { serviceKey } from '../routing/routes.ts';

/**
 * Node ports that several Services of a manifest claim, a line each. An API server refuses all but the first,
 * so that kube-proxy does not look for them: it writes the rules of all, in no promised order.
 */
export function sharedNodePorts(services: readonly Service[]): readonly string[] {
  const claimants = new Map<string, readonly string[]>();
  for (const service of services) {
    for (const { nodePort, protocol } of service.ports) {
      if (nodePort === undefined) continue;
      const key = `${nodePort}/${protocol}`;
      claimants.set(key, [...(claimants.get(key) ?? []), serviceKey(service)]);
    }
  }
  return [...claimants]
    .filter(([, names]) => names.length > 1)
    .map(
      ([key, names]) =>
        `node port ${key} is claimed by ${names.join(' and ')}: the rule that comes first wins, and which that is nobody promises (an API server takes the first Service only)`,
    );
}
