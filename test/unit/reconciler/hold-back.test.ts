import { expect, it } from 'vitest';
import { rulesOfService } from '../../../src/chains/service-rules.ts';
import { readConfig } from '../../../src/config/load.ts';
import type { Snapshot } from '../../../src/iptables/snapshot.ts';
import { holdBack } from '../../../src/reconciler/hold-back.ts';
import { clusterStore } from '../../../src/reconciler/store.ts';
import { desiredNow } from '../../../src/reconciler/desired.ts';
import { nodeView } from '../../../src/routing/node-view.ts';
import { endpoints, service } from '../../kernel/sync-stage.ts';
import { CAPTURE_HOST } from '../../support/cases.ts';

const { settings } = readConfig({ flags: { 'cluster-cidr': ['10.244.0.0/16'] } });
const VIEW = nodeView('ipv4', settings, { name: 'node-a', node: undefined }, CAPTURE_HOST);
const EMPTY = {
  chains: new Map<string, number>(),
  serviceChains: new Set<string>(),
  jumps: new Set<string>(),
};

function shop() {
  const store = clusterStore('node-a');
  store.take([...service('shop', 1), ...endpoints('shop', 1)]);
  const [only] = desiredNow(store, VIEW, { name: 'classic', comments: 'auto' }).services;
  if (only === undefined) throw new Error('no service');
  return only;
}

it.each([
  ['stays as the kernel has it, where it has all of it', true],
  ['is left out, where the kernel lacks some of it', false],
])('a service that is wrong in its older version too %s', async (_, isServed) => {
  const wrong = shop();
  const chains = rulesOfService(wrong, VIEW, 'first').chains.map(({ name }) => [name, 1] as const);
  const snapshot: Snapshot = { filter: EMPTY, nat: isServed ? { ...EMPTY, chains: new Map(chains) } : EMPTY };
  const errors = new Map([['web/shop', new Error('it leads nowhere')]]);
  const held = await holdBack({
    services: [wrong],
    wrong: errors,
    before: () => wrong,
    alsoWrong: () => Promise.resolve(errors),
    view: VIEW,
    snapshot,
  });
  expect(held).toEqual({
    services: isServed ? [wrong] : [],
    kept: [],
    keep: new Set(isServed ? ['web/shop'] : []),
  });
});
