import type { Service } from '../model/objects.ts';
import { serviceKey } from '../routing/routes.ts';
import { firstOf } from '../text/first-of.ts';

/** What an API server gives and takes where nobody says otherwise. */
const FIRST = 30_000;
const LAST = 32_767;
const MOST_NAMED = 5;

/**
 * Node ports that an API server refuses as a rule, in one line. The rules would take such a port away from
 * whoever has it on every node, be it SSH.
 */
export function unusualNodePorts(services: readonly Service[]): readonly string[] {
  const found = services.flatMap((service) =>
    service.ports
      .filter(({ nodePort }) => nodePort !== undefined && (nodePort < FIRST || nodePort > LAST))
      .map(({ nodePort, protocol }) => `${String(nodePort)}/${protocol} of ${serviceKey(service)}`),
  );
  if (found.length === 0) return [];
  return [
    `an API server takes no node ports but ${FIRST} to ${LAST} (unless its --service-node-port-range says so), got ${firstOf(found, MOST_NAMED)}`,
  ];
}
