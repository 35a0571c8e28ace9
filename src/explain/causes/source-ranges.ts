import { isFirewalled, passesFirewall } from '../../inspect/check/promise.ts';
import { cause, type Finding } from '../finding.ts';
import { listed } from '../listing.ts';
import type { Trip } from '../situation.ts';

/** The load-balancer address is for other clients. */
export function sourceRanges({ situation, claims, asker }: Trip): readonly Finding[] {
  return claims
    .filter(({ route, kind }) => isFirewalled(route, kind) && !passesFirewall(route, asker, situation.view))
    .slice(0, 1)
    .map(({ route }) =>
      cause(
        'sourceRange',
        `loadBalancerSourceRanges of ${route.namespace}/${route.service} let in ${listed(route.sourceRanges)}, and ${asker.address} is in none of them: it is dropped`,
        `add the client's network to spec.loadBalancerSourceRanges; a load balancer that hides clients needs its own addresses in there`,
      ),
    );
}
