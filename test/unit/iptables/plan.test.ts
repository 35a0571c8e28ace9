import { describe, expect, it } from 'vitest';
import { comment, jump } from '../../../src/chains/build.ts';
import { KUBE_FIREWALL, KUBE_POSTROUTING, KUBE_SERVICES } from '../../../src/chains/fixed.ts';
import { chainName, type ChainName } from '../../../src/chains/names.ts';
import type { Chain, Jump, Rule, Ruleset } from '../../../src/chains/rule.ts';
import { ruleText } from '../../../src/chains/text.ts';
import { isNothingToDo, plan, planCounts, planForEmpty, ruleCounts } from '../../../src/iptables/plan.ts';
import { fingerprintOf, type Snapshot, type TableSnapshot } from '../../../src/iptables/snapshot.ts';

const SHOP = chainName('KUBE-SVC-SHOPSHOPSHOPSHOP');
const CART = chainName('KUBE-SVC-CARTCARTCARTCART');
const GONE = chainName('KUBE-SVC-GONEGONEGONEGONE');
const rules = (...texts: readonly string[]): readonly Rule[] =>
  texts.map((text) => ({ matches: [comment(text)], target: { kind: 'return' } }));
const jumpTo = (from: Jump['from'], chain: ChainName): Jump => ({
  from,
  rule: { matches: [], target: jump(chain) },
});

const CHAINS: readonly Chain[] = [
  { name: SHOP, rules: rules('shop', 'more'), service: 'web/shop' },
  { name: CART, rules: rules('cart'), service: 'web/cart' },
  { name: KUBE_SERVICES, rules: rules('to the shop', 'to the cart') },
];
const JUMPS = [jumpTo('PREROUTING', KUBE_SERVICES), jumpTo('POSTROUTING', KUBE_POSTROUTING)];

function ruleset(ofFilter: readonly Chain[] = []): Ruleset {
  return {
    family: 'ipv4',
    tables: [
      { name: 'filter', jumps: [], chains: () => ofFilter },
      { name: 'nat', jumps: JUMPS, chains: () => CHAINS },
    ],
  };
}

function snapshotOf(chains: readonly Chain[], jumps: readonly Jump[] = []): TableSnapshot {
  const names = chains.map(({ name }) => name);
  return {
    chains: new Map(
      chains.map(({ name, rules: of }) => [name, fingerprintOf(name, Array.from(of, ruleText))]),
    ),
    serviceChains: new Set(names.filter((name) => name.startsWith('KUBE-SVC-'))),
    jumps: new Set(jumps.map(({ from, rule }) => `-A ${from} ${ruleText(rule)}`)),
  };
}

const NOTHING = snapshotOf([]);
const inKernel = (nat: TableSnapshot, filter: TableSnapshot = NOTHING): Snapshot => ({ filter, nat });

describe('what there is to change', () => {
  it('is nothing where the kernel holds it', () => {
    const changes = plan(ruleset([{ name: KUBE_POSTROUTING, rules: rules('one') }]), {
      filter: snapshotOf([{ name: KUBE_POSTROUTING, rules: rules('one') }]),
      nat: snapshotOf(CHAINS, JUMPS),
    });
    expect(isNothingToDo(changes)).toBe(true);
    expect(ruleCounts(changes)).toEqual({ filter: 1, nat: 5 });
  });

  it('is what differs, what is missing and what nobody names any more', () => {
    const old = [
      { name: SHOP, rules: rules('shop', 'less'), service: 'web/shop' },
      { name: GONE, rules: rules('gone') },
      { name: KUBE_SERVICES, rules: rules('to the cart', 'to the shop') },
    ];
    const changes = plan(ruleset(), inKernel(snapshotOf(old, JUMPS.slice(0, 1))));
    expect(changes[1]).toMatchObject({
      write: new Set([SHOP, CART]),
      remove: [GONE],
      jumps: JUMPS.slice(1),
      prepend: true,
    });
    expect(planCounts(changes)).toMatchObject({ nat: { written: 2, removed: 1 } });
    expect(isNothingToDo(changes)).toBe(false);
  });

  it('leaves services that are kept as the kernel has them, and all that they may still lead to', () => {
    const old = [
      { name: SHOP, rules: rules('older'), service: 'web/shop' },
      { name: GONE, rules: rules('gone') },
    ];
    const [, nat] = plan(ruleset(), inKernel(snapshotOf(old, JUMPS)), new Set(['web/shop']));
    expect(nat).toMatchObject({ write: new Set([CART, KUBE_SERVICES]), remove: [], jumps: [] });
  });

  it('is never the kubelet’s chain, where we have no rules for it; where it is missing it is made', () => {
    const chain = { name: KUBE_FIREWALL, rules: [] };
    const theirs = snapshotOf([{ name: KUBE_FIREWALL, rules: rules('the kubelet has this') }]);
    const [spared] = plan(ruleset([chain]), inKernel(NOTHING, theirs));
    expect(spared).toMatchObject({ write: new Set(), writeCount: 0 });
    const other = snapshotOf([{ name: KUBE_POSTROUTING, rules: [] }]);
    const [made] = plan(ruleset([chain]), inKernel(NOTHING, other));
    expect(made).toMatchObject({ write: new Set([KUBE_FIREWALL]) });
    const ours = { name: KUBE_FIREWALL, rules: rules('ours') };
    const [written] = plan(ruleset([ours]), inKernel(NOTHING, theirs));
    expect(written).toMatchObject({ write: new Set([KUBE_FIREWALL]) });
  });

  it('is all chains, but no jump twice, where nothing but the jumps could be read', () => {
    const [, nat] = plan(ruleset(), inKernel(snapshotOf([], JUMPS.slice(0, 1))));
    expect(nat).toMatchObject({
      write: new Set([SHOP, CART, KUBE_SERVICES]),
      remove: [],
      jumps: JUMPS.slice(1),
      prepend: true,
    });
  });
});

describe('in an empty kernel', () => {
  it.each([
    ['that was read, others may have rules of their own', plan(ruleset(), inKernel(NOTHING)), true],
    ['that was not read, nobody has', planForEmpty(ruleset()), false],
  ] as const)('%s', (_, changes, prepend) => {
    const [, nat] = changes;
    expect(nat).toMatchObject({ write: 'all', remove: [], jumps: JUMPS, prepend });
    expect(isNothingToDo(changes)).toBe(false);
  });

  it('what is written is counted once it was walked whole, and no more where it is walked again', () => {
    const changes = planForEmpty(ruleset());
    const walk = (most: number): void => {
      let count = 0;
      for (const chain of changes[1]?.table.chains() ?? []) {
        count += 1;
        if (count > most) return;
        for (const pass of [1, 2]) expect([pass, Array.from(chain.rules).length]).not.toContain(0);
      }
    };
    walk(2);
    expect(planCounts(changes).nat.written).toBe(Infinity);
    walk(3);
    expect(planCounts(changes).nat).toEqual({ written: 3, removed: 0 });
    expect(ruleCounts(changes).nat).toBe(5);
    walk(3);
    expect(ruleCounts(changes).nat).toBe(5);
  });

  it('chains that were not looked into are not counted', () => {
    const changes = planForEmpty(ruleset());
    expect([...(changes[1]?.table.chains() ?? [])]).toHaveLength(3);
    expect(planCounts(changes).nat.written).toBe(Infinity);
  });
});
