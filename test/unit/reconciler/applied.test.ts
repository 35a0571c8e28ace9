import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LayoutName } from '../../../src/chains/layout-choice.ts';
import { rulesetOf, type Layout } from '../../../src/chains/layout.ts';
import type { Rule, Ruleset, TableName } from '../../../src/chains/rule.ts';
import { ruleText } from '../../../src/chains/text.ts';
import type { Delta } from '../../../src/iptables/delta.ts';
import { fromBigInt, type Address, type Family } from '../../../src/net/address.ts';
import { appliedServices } from '../../../src/reconciler/applied.ts';
import type { Endpoint, Route } from '../../../src/routing/route.ts';
import type { ServiceRoutes } from '../../../src/routing/routes.ts';
import { serviceAt } from '../../support/dispatch-sets.ts';
import { plainEndpoint, plainView } from '../../support/plain-routes.ts';

const VIEW = plainView({ localPods: { kind: 'interface', name: 'cni0' }, localhostNodePorts: false });

const FAMILY: Family = 'ipv4';
const NAMES = Array.from({ length: 60 }, (_, index) => `s-${index}`);
const addressIn = (network: bigint, last: number): Address => fromBigInt(FAMILY, network + BigInt(last));

const endpointOf = (last: number): Endpoint =>
  plainEndpoint(addressIn(0x0af40000n, last), 8080, { local: last % 3 === 0 });
const POOL = Array.from({ length: 440 }, (_, last) => endpointOf(last));

/** Many services on few addresses, so that trees form, split and vanish, and claims collide. */
const service = fc
  .record({
    name: fc.constantFrom(...NAMES),
    last: fc.integer({ min: 0, max: 80 }),
    protocol: fc.constantFrom('tcp' as const, 'udp' as const),
    port: fc.constantFrom(80, 443, 8080),
    nodePort: fc.option(fc.integer({ min: 30_000, max: 30_080 }), { nil: undefined }),
    externalIPs: fc.uniqueArray(
      fc.integer({ min: 0, max: 30 }).map((last) => addressIn(0xc6336400n, last)),
      { maxLength: 2 },
    ),
    loadBalancerIPs: fc.uniqueArray(
      fc.integer({ min: 0, max: 30 }).map((last) => addressIn(0xcb007100n, last)),
      { maxLength: 2 },
    ),
    sourceRanges: fc.constantFrom<Route['sourceRanges']>(
      [],
      ['192.0.2.0/24' as Route['sourceRanges'][number]],
    ),
    affinitySeconds: fc.constantFrom(undefined, undefined, 60),
    externalPolicy: fc.constantFrom('Cluster' as const, 'Local' as const),
    healthCheckNodePort: fc.option(fc.integer({ min: 31_000, max: 31_040 }), { nil: undefined }),
    count: fc.constantFrom(0, 0, 0, 1, 1, 2, 2, 3, 3, 31, 32, 33, 400),
    from: fc.integer({ min: 0, max: 40 }),
  })
  .map(({ name, last, protocol, port, count, from, ...fields }): ServiceRoutes => {
    const cluster = POOL.slice(from, from + count);
    const local = fields.externalPolicy === 'Local' ? cluster.filter((endpoint) => endpoint.local) : [];
    const destination = { address: addressIn(0x0a600000n, last), protocol, port };
    const routes = serviceAt(name, FAMILY, destination, {
      ...fields,
      endpoints: { cluster, local, reachable: cluster, anywhere: count > 0 },
    });
    return { ...routes, endpointCount: count };
  });

const change = fc.oneof(
  { arbitrary: service.map((after) => ({ service: after.service, after })), weight: 4 },
  {
    arbitrary: fc.constantFrom(...NAMES).map((name) => ({ service: `web/${name}`, after: undefined })),
    weight: 1,
  },
);

const batch = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 8 }),
  accepted: fc.integer({ min: 0, max: 5 }).map((draw) => draw > 0),
});

/** What is in a kernel: rules by table and chain. */
type Kernel = Map<string, readonly string[]>;

function kernelOf(layout: Layout, services: Iterable<ServiceRoutes>): Kernel {
  return loaded(rulesetOf(layout, [...services].sort(byName), VIEW));
}

function loaded({ tables }: Ruleset): Kernel {
  return new Map(
    tables.flatMap(({ name, chains }) =>
      Array.from(chains(), (chain) => [`${name} ${chain.name}`, textsOf(chain.rules)] as const),
    ),
  );
}

const byName = (a: ServiceRoutes, b: ServiceRoutes): number => (a.service < b.service ? -1 : 1);
const textsOf = (rules: Iterable<Rule>): readonly string[] => Array.from(rules, ruleText);

/** As iptables-restore does; a rule that is not there, or a chain, makes the whole input fail. */
function apply(kernel: Kernel, { write, insert, drop, remove }: Delta): void {
  const rulesOf = (table: TableName, chain: string): readonly string[] => {
    const rules = kernel.get(`${table} ${chain}`);
    if (rules === undefined) throw new Error(`no chain ${chain}`);
    return rules;
  };
  for (const { table, chain } of write) {
    const rules = textsOf(chain.rules);
    kernel.set(`${table} ${chain.name}`, rules);
    for (const { target } of chain.rules) if (target?.kind === 'jump') rulesOf(table, target.chain);
  }
  for (const { table, chain, rule } of insert)
    kernel.set(`${table} ${chain}`, [rule, ...rulesOf(table, chain)]);
  for (const { table, chain, rule } of drop) {
    const rules = rulesOf(table, chain);
    if (!rules.includes(rule)) throw new Error(`not in ${chain}: ${rule}`);
    kernel.set(`${table} ${chain}`, rules.toSpliced(rules.indexOf(rule), 1));
  }
  for (const { table, name } of remove) {
    rulesOf(table, name);
    kernel.delete(`${table} ${name}`);
  }
}

const DISPATCH = /^(nat|filter) KUBE-(SERVICES|EXTERNAL-SERVICES|NODEPORTS|PROXY-FIREWALL)$/;

/** The order in dispatch chains means nothing. In the classic layout a text that is there twice is there once. */
const comparable = (kernel: Kernel): ReadonlyMap<string, readonly string[]> =>
  new Map(
    [...kernel]
      .sort()
      .map(([place, rules]) => [place, DISPATCH.test(place) ? [...new Set(rules)].sort() : rules]),
  );

const countIn = (kernel: Kernel, table: TableName): number =>
  [...kernel].reduce((sum, [place, rules]) => sum + (place.startsWith(`${table} `) ? rules.length : 0), 0);

describe.each(['classic', 'indexed'] as const)(
  'after any changes, accepted or not, %s',
  (name: LayoutName) => {
    it.each(['auto', 'always', 'never'] as const)(
      'deltas leave what a full ruleset is, comments %s',
      (comments) => {
        const layout: Layout = { name, comments };
        const seen = { trees: 0, groups: 0, borders: 0 };
        fc.assert(
          fc.property(
            fc.array(service, { minLength: 20, maxLength: 40 }),
            fc.array(batch, { minLength: 1, maxLength: 8 }),
            (first, batches) => {
              const services = new Map(first.map((routes) => [routes.service, routes]));
              const applied = appliedServices([...services.values()], { layout, view: VIEW });
              const kernel = kernelOf(layout, services.values());
              for (const { changes, accepted } of batches) {
                const next = new Map(changes.map(({ service: key, after }) => [key, after]));
                const proposal = applied.propose(next);
                if (!accepted) {
                  proposal.reject();
                  continue;
                }
                const before = { nat: countIn(kernel, 'nat'), filter: countIn(kernel, 'filter') };
                apply(kernel, proposal.delta);
                proposal.accept();
                for (const [key, after] of next) {
                  if (after === undefined) services.delete(key);
                  else services.set(key, after);
                }
                const wanted = kernelOf(layout, services.values());
                expect(comparable(kernel)).toEqual(comparable(wanted));
                expect(comparable(loaded(applied.ruleset()))).toEqual(comparable(wanted));
                expect(countIn(kernel, 'nat') - before.nat).toBe(proposal.growth.nat);
                expect(countIn(kernel, 'filter') - before.filter).toBe(proposal.growth.filter);
                const chains = [...kernel.keys()].join('\n');
                if (/KUBE-(IP|NP|RI|RE|LB|HC)-/.test(chains)) seen.trees += 1;
                if (chains.includes('KUBE-EPG-')) seen.groups += 1;
                if ([...services.values()].reduce((sum, { endpointCount }) => sum + endpointCount, 0) > 1000)
                  seen.borders += 1;
              }
            },
          ),
          { numRuns: 12, seed: 20261204, endOnFailure: true },
        );
        expect(seen.borders).toBeGreaterThan(0);
        expect(seen.trees > 0 && seen.groups > 0).toBe(name === 'indexed');
      },
    );
  },
);
