import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serviceChainName } from '../../../src/chains/names.ts';
import type { Chain, Rule } from '../../../src/chains/rule.ts';
import { chooseNode } from '../../../src/cluster/identity.ts';
import { FAMILIES, type Address } from '../../../src/net/address.ts';
import { appliedServices } from '../../../src/reconciler/applied.ts';
import { nodeView, type NodeView } from '../../../src/routing/node-view.ts';
import type { Route } from '../../../src/routing/route.ts';
import { clusterRoutes, type ServiceRoutes } from '../../../src/routing/routes.ts';
import type { MadeRules } from '../../../src/verify/made-rules.ts';
import { programOfService } from '../../../src/verify/service-program.ts';
import { probeContext, proveService } from '../../../src/verify/service-proof.ts';
import { CAPTURE_HOST, casesIn, loadCase, RULE_BOOK } from '../../support/cases.ts';
import { largeCluster } from '../../bench/large-cluster.ts';
import { here, route, there, view } from '../../support/one-service.ts';
import { choice } from '../../support/plain-routes.ts';
import { randomScenes } from '../../support/random-clusters.ts';

const LAYOUTS = ['classic', 'indexed'] as const;
type LayoutName = (typeof LAYOUTS)[number];

/** What is wrong with the rules that are made of a service, after they were spoiled. */
function wrongWith(
  service: ServiceRoutes,
  name: LayoutName,
  of: NodeView,
  spoil: (rules: MadeRules) => MadeRules = (rules) => rules,
): string | undefined {
  const { rulesOf } = appliedServices([service], { layout: { name, comments: 'auto' }, view: of });
  return wrongIn(spoil(rulesOf(service)), service, name, of);
}

function wrongIn(
  rules: MadeRules,
  service: ServiceRoutes,
  name: LayoutName,
  of: NodeView,
): string | undefined {
  const context = probeContext(of, CAPTURE_HOST.interfaceAddresses);
  const program = programOfService(rules, { name, comments: 'auto' }, of);
  return proveService(program, service, context).counterexample;
}

/** What is wrong with the rules of all services, as one node has them. */
function wrongAmong(services: readonly ServiceRoutes[], name: LayoutName, of: NodeView): readonly string[] {
  const { rulesOf } = appliedServices(services, { layout: { name, comments: 'auto' }, view: of });
  return services.flatMap((service) => wrongIn(rulesOf(service), service, name, of) ?? []);
}

function serviceOf(fields: Partial<Route>): ServiceRoutes {
  const routes = [{ ...route, ...fields }];
  return { service: 'default/web', clusterIP: route.clusterIP, routes, endpointCount: 2 };
}

describe.each(LAYOUTS)('rules as they are made, %s', (layout) => {
  it('are proven in every captured case', () => {
    let proven = 0;
    for (const folder of casesIn(RULE_BOOK)) {
      const { cluster, settings } = loadCase(folder);
      const { identity } = chooseNode(cluster, settings);
      for (const family of FAMILIES) {
        const of = nodeView(family, settings, identity, CAPTURE_HOST);
        const services = clusterRoutes(cluster, of);
        expect(wrongAmong(services, layout, of), folder.name).toEqual([]);
        proven += services.length;
      }
    }
    expect(proven).toBeGreaterThan(100);
  });

  it('are proven in random clusters', () => {
    for (const family of FAMILIES) {
      fc.assert(
        fc.property(randomScenes(family), ({ services, view: of }) => {
          expect(wrongAmong(services, layout, of)).toEqual([]);
        }),
        { numRuns: 15, seed: 20_261_121 },
      );
    }
  });
});

const inChain =
  (name: string, change: (rules: readonly Rule[]) => readonly Rule[]) =>
  (rules: MadeRules): MadeRules => ({
    ...rules,
    chains: rules.chains.map((chain) =>
      chain.name.startsWith(name) ? { ...chain, rules: change([...chain.rules]) } : chain,
    ),
  });

const jumpTo = (chain: Chain['name']): Rule => ({ matches: [], target: { kind: 'jump', chain } });

const retarget = (rule: Rule): Rule =>
  rule.target?.kind === 'dnat' ? { ...rule, target: { ...rule.target, port: 9 } } : rule;

/** Without the rules of the service in the chains that it shares with others. */
function unreached({ chains, ways }: MadeRules): MadeRules {
  const empty = ways.map(({ table, chain }) => ({ table, chain: { ...chain, rules: [] } }));
  return { chains, dispatch: [], ways: empty };
}

const everywhere =
  (change: (chain: Chain) => Chain) =>
  (rules: MadeRules): MadeRules => ({ ...rules, chains: rules.chains.map(change) });

describe.each(LAYOUTS)('a defect in the rules of a service, %s', (layout) => {
  const cluster = serviceChainName('SVC', 'default/web', 'tcp');
  it.each([
    ['sends to another port', everywhere((chain) => ({ ...chain, rules: [...chain.rules].map(retarget) }))],
    ['deals to one endpoint only', inChain(cluster, (rules) => rules.slice(0, -1))],
    ['marks nothing', inChain('KUBE-EXT', (rules) => rules.slice(1))],
    ['loses a chain', (rules: MadeRules) => ({ ...rules, chains: rules.chains.slice(1) })],
    ['goes in a circle', everywhere(({ name, ...chain }) => ({ ...chain, name, rules: [jumpTo(name)] }))],
  ])('is found where it %s', (_, spoil) => {
    expect(wrongWith(serviceOf({}), layout, view, spoil)).toContain('default/web: expected ');
  });

  it('is found where nothing leads to it, or something should not', () => {
    const refused = serviceOf({ endpoints: choice([]) });
    for (const service of [serviceOf({}), refused]) {
      expect(wrongWith(service, layout, view, unreached)).toContain('default/web: expected ');
    }
    const answered = appliedServices([serviceOf({})], { layout: { name: layout, comments: 'auto' }, view });
    const rules = answered.rulesOf(serviceOf({}));
    expect(wrongWith(refused, layout, view, () => rules)).toContain('expected refused');
  });

  it('is found in the rules of session affinity and of source ranges', () => {
    const affine = serviceOf({ affinitySeconds: 60 });
    expect(wrongWith(affine, layout, view)).toBeUndefined();
    const forgetful = everywhere((chain) => ({
      ...chain,
      rules: [...chain.rules].map((rule) => ({
        ...rule,
        matches: rule.matches.filter(({ kind }) => kind !== 'rememberSource'),
      })),
    }));
    expect(wrongWith(affine, layout, view, forgetful)).toContain('it is not remembered');
    const limited = serviceOf({ sourceRanges: ['192.0.2.0/24' as Route['sourceRanges'][number]] });
    expect(wrongWith(limited, layout, view)).toBeUndefined();
    const open = inChain('KUBE-FW', (rules) =>
      rules.map(({ matches, protocol, target }) => ({
        matches,
        ...(protocol && { protocol }),
        ...(target && { target }),
      })),
    );
    expect(wrongWith(limited, layout, view, open)).toContain('expected ');
  });
});

describe('a node with many services, indexed', () => {
  const layout = { name: 'indexed', comments: 'auto' } as const;
  const many = clusterRoutes(largeCluster(700, 2), view);
  const [first, ...others] = many;
  if (first === undefined) throw new Error('no services');

  it('has ways to each of them, and to those that a change brings', () => {
    const applied = appliedServices(others, { layout, view });
    const second = others[300] ?? first;
    const moved = second.routes.map((each) => ({ ...each, clusterIP: '10.200.0.1' as Address, port: 81 }));
    const change = { ...second, clusterIP: '10.200.0.1' as Address, routes: moved };
    const { rulesOf } = applied.propose(
      new Map([
        [first.service, first],
        [second.service, change],
      ]),
    );
    // What is far from all others stands in the dispatch chain itself.
    expect(rulesOf(change).ways.map(({ chain }) => chain.name)).toEqual(['KUBE-SERVICES']);
    expect(rulesOf(first).ways.map(({ chain }) => chain.name)).toContainEqual(
      expect.stringMatching(/^KUBE-IP-/),
    );
    for (const service of [first, change]) {
      expect(wrongIn(rulesOf(service), service, 'indexed', view)).toBeUndefined();
    }
    expect(wrongIn(applied.rulesOf(second), second, 'indexed', view)).toBeUndefined();
  });

  it('has none to a service that its trees lack', () => {
    const { rulesOf } = appliedServices(others, { layout, view });
    expect(wrongIn(rulesOf(first), first, 'indexed', view)).toContain(`${first.service}:http: expected `);
  });
});

describe('a part of the packets', () => {
  it('costs as much less', () => {
    const many = Array.from({ length: 40 }, (_, last) => ({
      ...(last % 2 === 0 ? here : there),
      address: `10.244.3.${last}` as Address,
      text: `10.244.3.${last}:80`,
    }));
    const service = serviceOf({ endpoints: choice(many) });
    const layout = { name: 'classic', comments: 'auto' } as const;
    const { rulesOf } = appliedServices([], { layout, view });
    const program = programOfService(rulesOf(service), layout, view);
    const context = probeContext(view, CAPTURE_HOST.interfaceAddresses);
    const spent = (fates: number, at: number): number =>
      proveService(program, service, context, { fates, random: () => at }).cost;
    const all = spent(Infinity, 0);
    for (const at of [0, 0.5, 0.999]) {
      expect(spent(all / 10, at)).toBeLessThan(all / 5);
      expect(spent(1, at)).toBeGreaterThan(0);
      expect(spent(1, at)).toBeLessThanOrEqual(many.length);
    }
    expect(spent(all / 10, 0)).toBeGreaterThan(all / 20);
  });
});
