import { expect, it } from 'vitest';
import { externalRefusalRules } from '../../../src/chains/dispatch.ts';
import { serviceChainNames } from '../../../src/chains/service-names.ts';
import { ruleText } from '../../../src/chains/text.ts';
import { route } from '../../support/one-service.ts';
import { choice } from '../../support/plain-routes.ts';

it('refuses an external IP that is a load-balancer IP too by one rule', () => {
  const shared = { ...route, loadBalancerIPs: route.externalIPs, endpoints: choice([]) };
  const rules = externalRefusalRules(shared, serviceChainNames(shared)).map(ruleText);
  expect(rules.map((rule) => / -d (\S+)|--dst-type LOCAL/.exec(` ${rule}`)?.[1])).toEqual([
    `${String(route.externalIPs[0])}/32`,
    undefined,
  ]);
});
