import { hash } from 'node:crypto';
import { cidrContains, type Address } from '../net/address.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Endpoint, Route } from '../routing/route.ts';
import type { ServiceRoutes } from '../routing/routes.ts';

/**
 * A key that two nodes of one cluster share only where their rules are the same. It costs a fraction of the
 * rules, which need not be made for the second node then.
 */
export function nodeKey(services: readonly ServiceRoutes[], view: NodeView): string {
  const choices = services.flatMap(({ routes }) => routes.map((route) => choiceText(route, view.address)));
  return hash('sha256', [JSON.stringify(withoutIdentity(view)), ...choices].join('\n'));
}

/** What decides rules whatever the services are: neither the node's name nor its zone nor its address do. */
function withoutIdentity(view: NodeView): Omit<NodeView, 'name' | 'zone' | 'address'> {
  const { family, localPods, nodePorts, localhostNodePorts, externalIPs } = view;
  const { masqueradeAll, masqueradeMark, dropInvalid } = view;
  return {
    ...{ family, localPods, nodePorts, localhostNodePorts, externalIPs },
    ...{ masqueradeAll, masqueradeMark, dropInvalid },
  };
}

/** What sets a service port apart on one node: the endpoints, and whether the node is in a source range. */
function choiceText({ endpoints, sourceRanges }: Route, address: Address): string {
  const { cluster, local, reachable, anywhere } = endpoints;
  const isInRange = sourceRanges.some((range) => cidrContains(range, address));
  return [texts(cluster), texts(local), texts(reachable), anywhere, isInRange].join('|');
}

function texts(endpoints: readonly Endpoint[]): string {
  return endpoints.map(({ text }) => text).join(',');
}
