import { describe, expect, it } from 'vitest';
import { indexedServiceChains } from '../../../src/chains/indexed-service-chains.ts';
import type { Chain, Rule } from '../../../src/chains/rule.ts';
import { serviceChainNames } from '../../../src/chains/service-names.ts';
import { ruleText } from '../../../src/chains/text.ts';
import { fromBigInt, type Address } from '../../../src/net/address.ts';
import type { Endpoint, Route } from '../../../src/routing/route.ts';
import { below, seeded } from '../../support/dispatch-sets.ts';
import { choice, plainEndpoint, plainRoute, plainView } from '../../support/plain-routes.ts';

const VIEW = plainView({ localhostNodePorts: false });
const CLUSTER_IP = '10.96.0.10' as Address;
const COUNTS = [1, 2, 3, 15, 31, 32, 33, 34, 64, 100, 257, 300, 1000, 5000];

function endpoints(count: number): readonly Endpoint[] {
  return Array.from({ length: count }, (_, index) =>
    plainEndpoint(fromBigInt('ipv4', 0x0af40001n + BigInt(index)), 8080),
  );
}

function routeTo(cluster: readonly Endpoint[], fields: Partial<Route> = {}): Route {
  return plainRoute({
    service: 'web',
    clusterIP: CLUSTER_IP,
    port: 80,
    endpoints: choice(cluster),
    ...fields,
  });
}

type Chains = ReadonlyMap<string, readonly Rule[]>;

function chainsOf(route: Route): readonly Chain[] {
  return indexedServiceChains(route, serviceChainNames(route), VIEW, 'none');
}

const byName = (chains: readonly Chain[]): Chains =>
  new Map(chains.map(({ name, rules }) => [name, [...rules]]));

interface Share {
  readonly share: number;
  /** Connections of the endpoint itself are masqueraded when it is the one that is chosen. */
  readonly hairpin: boolean;
  readonly depth: number;
}

/** Who gets what part of the connections of clients that nobody remembers. */
function sharesOf(chains: Chains, root: string): ReadonlyMap<string, Share> {
  const shares = new Map<string, Share>();
  const walk = (name: string, arriving: number, depth: number): void => {
    let here = arriving;
    let masqueraded: string | undefined;
    for (const { source, matches, target } of chains.get(name) ?? []) {
      const chance = matches.find(({ kind }) => kind === 'chance');
      if (matches.some(({ kind }) => kind === 'recentlySeen')) continue;
      if (target?.kind === 'jump' && target.chain === 'KUBE-MARK-MASQ') {
        masqueraded = source?.value;
        continue;
      }
      const taken = chance?.kind === 'chance' ? (here * chance.chance) / 2 ** 31 : here;
      here -= taken;
      if (target?.kind === 'jump') walk(target.chain, taken, depth + 1);
      if (target?.kind === 'dnat') {
        const hairpin = masqueraded === `${target.address}/32`;
        expect(shares.has(target.address)).toBe(false);
        shares.set(target.address, { share: taken, hairpin, depth });
      }
    }
    expect(here).toBe(0);
  };
  walk(root, 1, 0);
  return shares;
}

const rootOf = (route: Route): string => serviceChainNames(route).internal ?? '';

describe.each([{ affinitySeconds: undefined }, { affinitySeconds: 60 }])('dealing, %o', (fields) => {
  it.each(COUNTS)('gives each of %i endpoints the same share, and the way back to itself', (count) => {
    const route = routeTo(endpoints(count), fields);
    const shares = sharesOf(byName(chainsOf(route)), rootOf(route));
    expect(shares.size).toBe(count);
    for (const { share, hairpin } of shares.values()) {
      expect(Math.abs(share - 1 / count)).toBeLessThan(1e-9);
      expect(hairpin).toBe(true);
    }
  });

  it.each(COUNTS)('walks few rules to one of %i endpoints, and few chains', (count) => {
    const route = routeTo(endpoints(count), fields);
    const chains = byName(chainsOf(route));
    const depths = Array.from(sharesOf(chains, rootOf(route)).values(), ({ depth }) => depth);
    expect(Math.max(...depths)).toBeLessThanOrEqual(
      count <= 32 ? 1 : 1 + Math.ceil(Math.log(count / 16) / Math.log(16)),
    );
    for (const rules of chains.values()) {
      const dealt = rules.filter(({ matches }) => !matches.some(({ kind }) => kind === 'recentlySeen'));
      expect(dealt.length).toBeLessThanOrEqual(2 * 16 + 1);
    }
  });
});

describe('one endpoint', () => {
  it('stands in the chain of its service', () => {
    const [chain, ...others] = chainsOf(routeTo(endpoints(1)));
    expect(others).toEqual([]);
    expect(Array.from(chain?.rules ?? [], ruleText)).toEqual([
      '-s 10.244.0.1/32 -j KUBE-MARK-MASQ',
      '-p tcp -m tcp -j DNAT --to-destination 10.244.0.1:8080',
    ]);
  });

  it('leaves that chain where clients may come back to another', () => {
    const route = routeTo(endpoints(2), { affinitySeconds: 60 });
    const chains = byName(chainsOf(route));
    const targets = (chains.get(rootOf(route)) ?? []).map(({ target }) => target?.kind);
    expect(targets).toEqual(['jump', 'jump', 'jump', 'jump']);
    expect([...chains.keys()].filter((name) => name.startsWith('KUBE-SEP-'))).toHaveLength(2);
  });

  it('keeps its list of clients when a second one comes', () => {
    const lists = (count: number): readonly string[] =>
      chainsOf(routeTo(endpoints(count), { affinitySeconds: 60 })).flatMap(({ rules }) =>
        [...rules].flatMap(({ matches }) =>
          matches.flatMap((match) => (match.kind === 'rememberSource' ? [match.list] : [])),
        ),
      );
    expect(lists(1)).toHaveLength(1);
    expect(lists(2)).toContain(lists(1)[0]);
  });
});

describe('policy Local beside Cluster', () => {
  it('deals each list by itself, and shares the chains of endpoints', () => {
    const cluster = endpoints(4);
    const local = cluster.slice(1, 3);
    const choice = { cluster, local, reachable: cluster, anywhere: true };
    const route = routeTo(cluster, { nodePort: 30_080, externalPolicy: 'Local', endpoints: choice });
    const chains = byName(chainsOf(route));
    const names = serviceChainNames(route);
    expect(sharesOf(chains, names.cluster).size).toBe(4);
    expect([...sharesOf(chains, names.local ?? '').keys()]).toEqual(['10.244.0.2', '10.244.0.3']);
    expect([...chains.keys()].filter((name) => name.startsWith('KUBE-SEP-'))).toHaveLength(3);
  });
});

describe('masquerading of what comes from outside', () => {
  const view = plainView({ localPods: { kind: 'interface', name: 'cni0' }, localhostNodePorts: false });
  const firstRule = (route: Route): string => {
    const chains = byName(indexedServiceChains(route, serviceChainNames(route), view, 'none'));
    const [rule] = chains.get(rootOf(route)) ?? [];
    return rule === undefined ? '' : ruleText(rule);
  };

  it('asks for the cluster IP only where other addresses lead there too', () => {
    expect(firstRule(routeTo(endpoints(1)))).toBe('! -i cni0 -j KUBE-MARK-MASQ');
    expect(firstRule(routeTo(endpoints(1), { nodePort: 30_080 }))).toBe(
      '-d 10.96.0.10/32 ! -i cni0 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ',
    );
  });
});

describe('a service of a thousand endpoints', () => {
  it('rewrites few chains when one comes or goes', () => {
    const random = seeded(5);
    const pool = [...endpoints(1200)];
    let present = pool.slice(0, 1000);
    const textsOf = (): ReadonlyMap<string, string> =>
      new Map(
        chainsOf(routeTo(present)).map(({ name, rules }) => [name, Array.from(rules, ruleText).join('\n')]),
      );
    let before = textsOf();
    for (let edit = 0; edit < 100; edit += 1) {
      const gone = below(random, present.length);
      const absent = pool.filter((endpoint) => !present.includes(endpoint));
      const extra = absent[below(random, absent.length)];
      present = edit % 2 === 0 && extra ? [...present, extra] : present.toSpliced(gone, 1);
      const after = textsOf();
      const names = new Set([...before.keys(), ...after.keys()]);
      const changed = [...names].filter((name) => before.get(name) !== after.get(name));
      expect(changed.length).toBeGreaterThan(0);
      // The chain on each level, a group that splits or joins, and endpoints that begin or end to need a chain.
      expect(changed.length).toBeLessThanOrEqual(12);
      before = after;
    }
  });
});
