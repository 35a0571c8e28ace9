import { describe, expect, it } from 'vitest';
import type { LayoutName } from '../../src/chains/layout-choice.ts';
import type { Chain } from '../../src/chains/rule.ts';
import type { Address } from '../../src/net/address.ts';
import type { BackendKind } from '../../src/iptables/backend.ts';
import type { Verification } from '../../src/reconciler/proving.ts';
import type { VerifyMode } from '../../src/verify/choice.ts';
import { verifier } from '../../src/verify/verifier.ts';
import { CAPTURE_HOST } from '../support/cases.ts';
import { kernelRules, makeNamespace, output, type Namespace } from './namespace.ts';
import { endpoints, service, stage } from './sync-stage.ts';

/** Sends what is for endpoints to the wrong port. */
function misdirected(chain: Chain): Chain {
  const rules = Array.from(chain.rules, (rule) =>
    rule.target?.kind === 'dnat' ? { ...rule, target: { ...rule.target, port: 9 } } : rule,
  );
  return { ...chain, rules };
}

/** A sync that proves rules, some of which can be spoiled. */
function verified(namespace: Namespace, kind: BackendKind, name: LayoutName, mode: VerifyMode) {
  const spoiled = new Set<string>();
  let unproven: ReadonlyMap<string, Error> = new Map();
  const verification: Verification = {
    ...verifier({
      mode,
      nodeAddresses: () => CAPTURE_HOST.interfaceAddresses,
      random: () => 0,
      breathe: () => Promise.resolve(),
      clock: () => 0,
      onError: (_, error) => {
        throw error;
      },
    }),
    onUnproven: (_, services) => (unproven = services),
  };
  const hand = (chain: Chain): Chain => (spoiled.has(chain.service ?? '') ? misdirected(chain) : chain);
  const staged = stage(namespace, kind, () => ({ name, comments: 'always' }), { verification, hand });
  const all = (): Promise<string> => kernelRules(namespace, kind, 'ipv4');
  return {
    ...staged,
    spoiled,
    all,
    of: async (key: string) => (await all()).split('\n').filter((line) => line.includes(`"${key}`)),
    unproven: () => [...unproven].map(([key, { message }]) => [key, message]),
    compare: async () => {
      staged.sync.invalidate('check');
      await staged.sync.sync();
    },
  };
}

const WRONG = expect.stringMatching(
  /^tcp \S+ -> 10\.96\.0\.1:80 .* expected .*:8080.*, found .*:9\b/,
) as string;

describe.each([
  ['nft', 'classic'],
  ['nft', 'indexed'],
  ['legacy', 'classic'],
] as const)('a service whose new rules are wrong, %s, %s', (kind, layout) => {
  it.each(['always', 'sample'] as const)('stays as it was while all others move on: %s', async (mode) => {
    await using namespace = await makeNamespace();
    const { take, spoiled, of, all, unproven, compare, wanted } = verified(namespace, kind, layout, mode);
    await take(service('shop', 1), endpoints('shop', 1), service('cart', 2), endpoints('cart', 2));
    const before = await of('web/shop');
    expect(before.length).toBeGreaterThan(1);
    expect(unproven()).toEqual([]);

    spoiled.add('web/shop');
    await take(endpoints('shop', 1, 7), endpoints('cart', 2, 8));
    expect(unproven()).toEqual([['web/shop', WRONG]]);
    expect(await of('web/shop')).toEqual(before);
    expect(await all()).toContain('10.244.1.8:8080');
    expect(await all()).not.toContain('10.244.1.7');

    // A comparison with the kernel finds the service different from what it should be, and lets it be.
    await compare();
    expect(await of('web/shop')).toEqual(before);
    await take(endpoints('cart', 9));
    expect(await all()).toContain('10.244.1.9:8080');
    expect(await of('web/shop')).toEqual(before);
    expect(unproven()).toEqual([['web/shop', WRONG]]);

    spoiled.clear();
    await take(endpoints('shop', 1, 7));
    expect(unproven()).toEqual([]);
    expect(await all()).toBe(wanted());
  });

  it('is not looked for by a sample where the kernel serves nothing yet', async () => {
    await using namespace = await makeNamespace();
    const { take, spoiled, unproven } = verified(namespace, kind, layout, 'sample');
    spoiled.add('web/shop');
    await take(service('shop', 1), endpoints('shop', 1));
    expect(unproven()).toEqual([]);
    await take(endpoints('shop', 7));
    expect(unproven()).toEqual([['web/shop', WRONG]]);
  });

  it('is left out where it was not there before, and comes when it is right', async () => {
    await using namespace = await makeNamespace();
    const { take, spoiled, all, unproven, compare, wanted } = verified(namespace, kind, layout, 'always');
    spoiled.add('web/shop');
    await take(service('cart', 2), endpoints('cart', 2), service('shop', 1), endpoints('shop', 1));
    const withoutShop = await all();
    expect(withoutShop).toContain('web/cart');
    expect(withoutShop).not.toContain('web/shop');
    await take(endpoints('shop', 3));
    expect(unproven()).toEqual([['web/shop', WRONG]]);
    expect(await all()).toBe(withoutShop);
    spoiled.clear();
    await compare();
    expect(unproven()).toEqual([]);
    expect(await all()).toBe(wanted());
  });

  it('keeps what a process before this one had written', async () => {
    await using namespace = await makeNamespace();
    const objects = [service('shop', 1), endpoints('shop', 1), service('cart', 2), endpoints('cart', 2)];
    await verified(namespace, kind, layout, 'always').take(...objects);
    const { take, spoiled, of, unproven, all, wanted } = verified(namespace, kind, layout, 'always');
    const before = await of('web/shop');
    spoiled.add('web/shop');
    await take(...objects, endpoints('cart', 5));
    expect(unproven()).toEqual([['web/shop', WRONG]]);
    expect(await of('web/shop')).toEqual(before);
    expect(await all()).toContain('10.244.1.5:8080');
    spoiled.clear();
    await take(endpoints('shop', 1));
    expect(unproven()).toEqual([]);
    expect(await all()).toBe(wanted());
  });

  it('has its old version written again after a flush, where that one can be proven', async () => {
    await using namespace = await makeNamespace();
    const { take, spoiled, sync, unproven, all } = verified(namespace, kind, layout, 'always');
    await take(service('shop', 1), endpoints('shop'), service('cart', 2), endpoints('cart', 2));
    const before = await all();
    // Without endpoints there is nothing to misdirect.
    spoiled.add('web/shop');
    await take(endpoints('shop', 1));
    expect(unproven()).toEqual([['web/shop', WRONG]]);
    expect(await all()).toBe(before);
    await output(namespace, `iptables-${kind}`, '-t', 'filter', '-F');
    await output(namespace, `iptables-${kind}`, '-t', 'nat', '-F');
    sync.invalidate('flush');
    await sync.sync();
    expect(await all()).toBe(before);
    expect(before).toContain('web/shop has no endpoints');
  });

  it('is forgotten when it goes', async () => {
    await using namespace = await makeNamespace();
    const { take, spoiled, all, unproven, wanted } = verified(namespace, kind, layout, 'always');
    await take(service('shop', 1), endpoints('shop', 1), service('cart', 2), endpoints('cart', 2));
    spoiled.add('web/shop');
    await take(endpoints('shop', 7));
    expect(unproven()).toHaveLength(1);
    await take([{ kind: 'service', key: 'web/shop', object: undefined }]);
    expect(unproven()).toEqual([]);
    expect(await all()).toBe(wanted());
  });
});

it.each([
  { count: 510, kind: 'delta' },
  { count: 2_010, kind: 'full' },
])('of $count changes at once, each is proven, and the wrong ones are held back', async ({ count, kind }) => {
  await using namespace = await makeNamespace();
  const { take, spoiled, all, unproven, reports } = verified(namespace, 'nft', 'indexed', 'always');
  const many = (last: number) =>
    Array.from({ length: count }, (_, index) => [
      ...service(`shop-${index}`, 1, { clusterIPs: [`10.97.${index >> 8}.${index & 255}` as Address] }),
      ...endpoints(`shop-${index}`, last),
    ]).flat();
  await take(many(1));
  spoiled.add('web/shop-7').add('web/shop-500');
  await take(many(2));
  expect(reports.at(-1)).toMatchObject({ kind, reason: 'change' });
  expect(new Set(unproven().map(([key]) => key))).toEqual(new Set(['web/shop-500', 'web/shop-7']));
  const text = await all();
  expect(text.match(/--to-destination 10\.244\.1\.2:8080/g)).toHaveLength(count - 2);
  expect(text.match(/--to-destination 10\.244\.1\.1:8080/g)).toHaveLength(2);
});

it('without proof a wrong rule is written', async () => {
  await using namespace = await makeNamespace();
  const { take, spoiled, all } = verified(namespace, 'nft', 'classic', 'off');
  spoiled.add('web/shop');
  await take(service('shop', 1), endpoints('shop', 1));
  expect(await all()).toContain('--to-destination 10.244.1.1:9');
});
