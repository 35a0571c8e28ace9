import { describe, expect, it } from 'vitest';
import type { StyledService } from '../../../src/chains/comment-style.ts';
import { changeTrees, type TreeChange } from '../../../src/chains/dispatch-change.ts';
import { plantedForest, type DispatchTrees } from '../../../src/chains/dispatch-forest.ts';
import { treeChains } from '../../../src/chains/dispatch-tree.ts';
import type { Chain } from '../../../src/chains/rule.ts';
import { serviceChainNames } from '../../../src/chains/service-names.ts';
import { DISPATCH } from '../../../src/chains/service-rules.ts';
import { ruleText } from '../../../src/chains/text.ts';
import {
  addressBits,
  FAMILIES,
  fromBigInt,
  toBigInt,
  type Address,
  type Family,
} from '../../../src/net/address.ts';
import type { NodeView } from '../../../src/routing/node-view.ts';
import { below, seeded, serviceAt, SETS, type Destination } from '../../support/dispatch-sets.ts';
import { chainMap, visit } from '../../support/dispatch-walk.ts';
import { plainView } from '../../support/plain-routes.ts';

const SIZE = 10_000;
const LONGEST_LEAF = 16;
const EDITS = 2000;

const viewOf = (family: Family): NodeView => plainView({ family, localhostNodePorts: false });

const keyOf = ({ address, protocol, port }: Destination): string => `${address ?? ''} ${protocol} ${port}`;

const unique = (destinations: readonly Destination[]): readonly Destination[] => [
  ...new Map(destinations.map((destination) => [keyOf(destination), destination])).values(),
];

const stylesOf = (family: Family, destinations: readonly Destination[]): readonly StyledService[] =>
  destinations.map((destination, index) => ({
    service: serviceAt(`s-${index}`, family, destination),
    style: 'none',
  }));

const dispatchTrees = (services: readonly StyledService[], view: NodeView): DispatchTrees =>
  plantedForest(services, view).trees();

function chainsOf(trees: DispatchTrees, table: 'nat' | 'filter', view: NodeView): readonly Chain[] {
  return DISPATCH.flatMap((dispatch, index) => {
    const tree = trees[index];
    if (tree === undefined || dispatch.table !== table) return [];
    return [...treeChains({ dispatch, view, namesOf: serviceChainNames }, tree)];
  });
}

const targetOf = ({ service: { routes } }: StyledService): string => {
  const [route] = routes;
  if (route === undefined) throw new Error('a service without a port');
  const { internal, external } = serviceChainNames(route);
  return (route.clusterIP === undefined ? external : internal) ?? '';
};

const rootOf = ({ address }: Destination): string =>
  address === undefined ? 'KUBE-NODEPORTS' : 'KUBE-SERVICES';

/** Destinations beside those of the set: neighbours, other protocols, far away. */
function* besides(family: Family, { address, protocol, port }: Destination): Iterable<Destination> {
  yield { address, protocol, port: port ^ 1 };
  yield { address, protocol, port: (port + 4096) % 65_536 };
  yield { address, protocol: protocol === 'sctp' ? 'tcp' : 'sctp', port };
  if (address === undefined) return;
  for (const bit of [0n, 1n, 4n, 12n, 30n]) {
    yield { address: fromBigInt(family, toBigInt(address) ^ (1n << bit)), protocol, port };
  }
}

const textOf = (chains: Iterable<Chain>): string =>
  Array.from(chains, ({ name, rules }) => [name, ...Array.from(rules, ruleText)].join('\n')).join('\n\n');

function shuffled<Value>(values: readonly Value[], random: () => number): readonly Value[] {
  return values
    .map((value) => ({ value, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}

for (const family of FAMILIES) {
  const view = viewOf(family);

  describe.each(Object.entries(SETS))(`${family}, %s`, (name, make) => {
    /** Values that stand apart at each bit of the way down stand in the chain above. */
    const longest = name === 'one that splits off at each bit' ? 16 + addressBits(family) : 32;
    const destinations = unique(make(family, SIZE, seeded(7)));
    const services = stylesOf(family, destinations);
    const trees = dispatchTrees(services, view);
    const ordered = chainsOf(trees, 'nat', view);
    const chains = chainMap(ordered);

    it('every destination is found, by itself, and nothing else is', () => {
      const known = new Set(destinations.map(keyOf));
      destinations.forEach((destination, index) => {
        const service = services[index];
        if (service === undefined) throw new Error('no service');
        expect(visit(chains, rootOf(destination), destination).found).toEqual([targetOf(service)]);
        if (index % 10 !== 0) return;
        for (const other of besides(family, destination)) {
          if (!known.has(keyOf(other))) expect(visit(chains, rootOf(other), other).found).toEqual([]);
        }
      });
    });

    it('is as deep as the logarithm of its size, and its chains are short', () => {
      const depth = Math.max(...destinations.map((one) => visit(chains, rootOf(one), one).depth));
      expect(depth).toBeLessThanOrEqual(Math.ceil(Math.log(destinations.length) / Math.log(16)) - 1);
      for (const rules of chains.values()) {
        // A chain that leads nowhere further is a leaf; others hold single values only where those stand apart.
        const isLeaf = !rules.some(({ leadsOn }) => leadsOn);
        expect(rules.length).toBeLessThanOrEqual(isLeaf ? LONGEST_LEAF : longest);
      }
    });

    it('depends on what it holds, not on the order in which that came', () => {
      const again = dispatchTrees(shuffled(services, seeded(3)), view);
      expect(textOf(chainsOf(again, 'nat', view)) === textOf(ordered)).toBe(true);
    });

    it('writes no jump before its target, and each name once', () => {
      const seen = new Set<string>();
      for (const { name: chain, rules } of ordered) {
        for (const { target } of rules) {
          if (target?.kind === 'jump' && chains.has(target.chain)) expect(seen.has(target.chain)).toBe(true);
        }
        expect(seen.has(chain)).toBe(false);
        expect(chain.length).toBeLessThanOrEqual(28);
        seen.add(chain);
      }
    });

    it('an edit rewrites a few chains, and what it leaves is what a new tree would be', () => {
      const random = seeded(11);
      const present = [...services];
      const pool = unique(make(family, 2 * SIZE, seeded(12)));
      const taken = new Set(destinations.map(keyOf));
      const live = new Map(chainTexts(ordered));
      let current = trees;
      let most = 0;
      let total = 0;
      for (let edit = 0; edit < EDITS; edit += 1) {
        const gone: StyledService[] = [];
        const come: StyledService[] = [];
        const extra = pool[below(random, pool.length)];
        if (edit % 2 === 0 && extra !== undefined && !taken.has(keyOf(extra))) {
          taken.add(keyOf(extra));
          come.push({ service: serviceAt(`new-${edit}`, family, extra), style: 'none' });
        } else {
          const service = present[below(random, present.length)];
          if (service !== undefined) gone.push(service);
        }
        const change = changeTrees(current, gone, come, view);
        for (const service of gone) present.splice(present.indexOf(service), 1);
        present.push(...come);
        current = change.next;
        apply(live, change);
        most = Math.max(most, change.write.length + change.remove.length);
        total += change.write.length + change.remove.length;
      }
      if (process.env.CHAINWRIGHT_SHOW !== undefined) {
        const longest = Math.max(...Array.from(chains.values(), (rules) => rules.length));
        process.stderr.write(
          `${family} ${name}: ${chains.size} chains, longest ${longest}, edits: mean ${total / EDITS}, most ${most}\n`,
        );
      }
      const fresh = chainTexts(chainsOf(dispatchTrees(present, view), 'nat', view));
      expect(differences(live, fresh)).toEqual([]);
      expect(most).toBeLessThanOrEqual(4 * 5);
    });
  });
}

describe('two services that claim one address and port', () => {
  const view = viewOf('ipv4');
  const claimed = { address: '198.51.100.7' as Address, protocol: 'tcp', port: 80 } as const;
  const claiming = (name: string, last: number): StyledService => ({
    service: serviceAt(
      name,
      'ipv4',
      { ...claimed, address: `10.96.0.${last}` as Address },
      {
        externalIPs: [claimed.address],
      },
    ),
    style: 'none',
  });
  const externalOf = ({ service }: StyledService): string =>
    service.routes.map((route) => serviceChainNames(route).external ?? '').join();
  const crowd = (count: number): readonly StyledService[] =>
    Array.from({ length: count }, (_, index) => claiming(`s-${String(index).padStart(2, '0')}`, index + 1));

  it.each([2, 5, 40])('stand in the order of their names, whatever came first, with %i of them', (count) => {
    const services = crowd(count);
    for (const order of [services, services.toReversed(), shuffled(services, seeded(count))]) {
      let trees = dispatchTrees([], view);
      for (const service of order) trees = changeTrees(trees, [], [service], view).next;
      const chains = chainMap(chainsOf(trees, 'nat', view));
      expect(visit(chains, 'KUBE-SERVICES', claimed).found).toEqual(
        services.map((service) => externalOf(service)),
      );
    }
  });
});

function apply(live: Map<string, string>, change: TreeChange): void {
  for (const { table, chain } of change.write) if (table === 'nat') live.set(chain.name, chainText(chain));
  for (const { table, name } of change.remove) if (table === 'nat') live.delete(name);
}

const chainText = ({ rules }: Chain): string => Array.from(rules, ruleText).join('\n');

const chainTexts = (chains: Iterable<Chain>): ReadonlyMap<string, string> =>
  new Map(Array.from(chains, (chain) => [chain.name, chainText(chain)]));

/** Names of chains that are not the same in both. */
const differences = (
  some: ReadonlyMap<string, string>,
  others: ReadonlyMap<string, string>,
): readonly string[] =>
  [...new Set([...some.keys(), ...others.keys()])].filter((name) => some.get(name) !== others.get(name));
