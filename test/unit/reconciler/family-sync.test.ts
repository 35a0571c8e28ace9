import { describe, expect, it } from 'vitest';
import type { Layout } from '../../../src/chains/layout.ts';
import { readConfig } from '../../../src/config/load.ts';
import { backendOf } from '../../../src/iptables/backend.ts';
import { familySync, type FamilySync } from '../../../src/reconciler/family-sync.ts';
import type { SyncReport } from '../../../src/reconciler/observer.ts';
import { clusterStore } from '../../../src/reconciler/store.ts';
import { nodeView, type NodeView } from '../../../src/routing/node-view.ts';
import { endpoints, service } from '../../kernel/sync-stage.ts';
import { CAPTURE_HOST } from '../../support/cases.ts';
import { scriptedTools, type ScriptedTools } from '../../support/scripted-tools.ts';

/* What a sync does with tools that fail or take their time. The kernel is a script: it shows an empty store. */

const KERNEL = `
case "$*" in
  *-save*)
    [ -e $at/saveFails ] && exit 1
    [ -e $at/saveHangs ] && exec sleep 1000 ;;
  *-restore*)
    cat > $at/input.$$
    [ -e $at/restoreHangs ] && exec sleep 1000
    [ -e $at/restoreFails ] && exit 4
    [ -e $at/wantsRoomForParts ] && ! grep -q KUBE-SERVICES $at/input.$$ && exit 4
    if [ -e $at/refusesShop ] && grep -q 10.244.1.66 $at/input.$$; then
      echo "line $(grep -n 10.244.1.66 $at/input.$$ | cut -d: -f1 | head -n 1) failed" >&2; exit 1
    fi ;;
esac
exit 0`;

const { settings } = readConfig({ flags: { 'cluster-cidr': ['10.244.0.0/16'] } });
const VIEW = nodeView('ipv4', settings, { name: 'node-a', node: undefined }, CAPTURE_HOST);

interface Staged extends ScriptedTools {
  readonly sync: FamilySync;
  /** Since it was asked last: `synced REASON`, `failed KIND`, and the names of services that are set aside. */
  readonly heard: () => readonly string[];
  readonly last: () => SyncReport | undefined;
  readonly take: (...changes: readonly ReturnType<typeof service>[]) => Promise<void>;
  readonly node: { view: NodeView; layout: Layout };
  readonly clock: { now: number };
}

function staged(firstTry = 20_000): Staged {
  const tools = scriptedTools(KERNEL);
  const store = clusterStore('node-a');
  const events: string[] = [];
  const reports: SyncReport[] = [];
  const clock = { now: 0 };
  const node: Staged['node'] = { view: VIEW, layout: { name: 'classic', comments: 'auto' } };
  const sync = familySync({
    backend: { ...backendOf('legacy', 'ipv4', tools.via), limits: { firstTry, lastResort: 500_000 } },
    store,
    view: () => node.view,
    layout: () => node.layout,
    clock: () => clock.now,
    observer: {
      onSynced: (report) => {
        reports.push(report);
        events.push(`synced ${report.reason}`);
      },
      onFailed: (_, kind) => events.push(`failed ${kind}`),
      onIsolated: (_, services) => events.push(`set aside: ${[...services.keys()].join()}`),
    },
  });
  return {
    ...tools,
    sync,
    heard: () => events.splice(0),
    last: () => reports.at(-1),
    take: async (...changes) => {
      sync.touch(store.take(changes.flat()).services);
      await sync.sync();
    },
    node,
    clock,
  };
}

/** It has begun, with two services. */
async function begun(firstTry?: number): Promise<Staged> {
  const stage = staged(firstTry);
  await stage.take(service('shop', 1), endpoints('shop', 1), service('cart', 2), endpoints('cart', 2));
  expect(stage.heard()).toEqual(['synced start']);
  return stage;
}

describe('a change that fails', () => {
  it('is made up for by a comparison at once', async () => {
    const { take, heard, raise, lower, sync } = await begun();
    raise('restoreFails');
    await expect(take(endpoints('shop', 3))).rejects.toThrow('exit code 4');
    expect(heard()).toEqual(['failed delta', 'failed full']);
    expect([sync.isFull(), sync.pendingServices()]).toEqual([true, 1]);
    lower('restoreFails');
    await sync.sync();
    expect(heard()).toEqual(['synced failure']);
    expect([sync.isPending(), sync.pendingServices()]).toEqual([false, 0]);
  });

  it('is given the shorter time, since there is another way', async () => {
    const { take, raise, heard } = await begun(2_000);
    raise('restoreHangs');
    raise('saveFails');
    await expect(take(endpoints('shop', 3))).rejects.toThrow('exit code 1');
    expect(heard()).toEqual(['failed delta', 'failed full']);
  });

  it('has the kernel written without a comparison where that takes too long', async () => {
    const { take, raise, lower, last } = await begun(2_000);
    raise('restoreFails');
    raise('saveFails');
    await expect(take(endpoints('shop', 3))).rejects.toThrow('exit code 1');
    lower('restoreFails');
    lower('saveFails');
    raise('saveHangs');
    await take(endpoints('cart', 4));
    expect(last()).toMatchObject({ reason: 'failure', unread: true });
  });
});

describe('a sync of everything that fails', () => {
  it('when it writes is owed for that reason; when it reads, for the reason that it had', async () => {
    const { sync, heard, raise, lower, node } = await begun();
    node.view = { ...VIEW, zone: 'zone-1' };
    raise('saveFails');
    await expect(sync.sync()).rejects.toThrow('exit code 1');
    lower('saveFails');
    raise('restoreFails');
    await expect(sync.sync()).rejects.toThrow('exit code 4');
    lower('restoreFails');
    await sync.sync();
    expect(heard()).toEqual(['failed full', 'failed full', 'synced failure']);
  });

  it('at the start leaves it a start', async () => {
    const { take, sync, heard, raise, lower } = staged();
    raise('restoreFails');
    await expect(take(service('shop', 1))).rejects.toThrow('exit code 4');
    lower('restoreFails');
    await sync.sync();
    expect(heard()).toEqual(['failed full', 'synced start']);
  });
});

describe('a comparison that takes too long', () => {
  it('is put off for a minute, in which changes are written', async () => {
    const { take, sync, heard, raise, lower, clock } = await begun(2_000);
    raise('saveHangs');
    sync.invalidate('check');
    await expect(sync.sync()).rejects.toThrow('did not end in time');
    await take(endpoints('shop', 3));
    clock.now = 59;
    await sync.sync();
    expect(heard()).toEqual(['failed full', 'synced change']);
    expect(sync.isPending()).toBe(true);
    lower('saveHangs');
    clock.now = 61;
    await sync.sync();
    expect(heard()).toEqual(['synced check']);
    expect(sync.isPending()).toBe(false);
  });
});

describe('what others had done', () => {
  it('is told of a comparison that nothing in the cluster asked for', async () => {
    const { take, sync, last, node } = await begun();
    sync.invalidate('check');
    await sync.sync();
    expect(last()).toMatchObject({ reason: 'check', repaired: 'chain' });
    sync.invalidate('flush');
    await sync.sync();
    expect(last()).toMatchObject({ reason: 'flush', repaired: 'flush' });
    sync.invalidate('check');
    await take(endpoints('shop', 3));
    expect(last()).toMatchObject({ reason: 'check', repaired: undefined });
    sync.invalidate('check');
    node.view = { ...VIEW, zone: 'zone-1' };
    await sync.sync();
    expect(last()).toMatchObject({ reason: 'node', repaired: undefined });
    sync.invalidate('check');
    node.layout = { name: 'indexed', comments: 'auto' };
    await sync.sync();
    expect(last()).toMatchObject({ reason: 'layout', repaired: undefined });
  });
});

describe('services that the kernel refuses', () => {
  it('are told once, tried at each change of theirs, and told when they are taken', async () => {
    const { take, heard, raise, lower } = await begun();
    raise('refusesShop');
    await take(endpoints('shop', 66));
    expect(heard()).toEqual(['failed delta', 'set aside: web/shop', 'synced failure']);
    await take(endpoints('shop', 66, 67));
    expect(heard()).toEqual(['synced change']);
    await take(endpoints('cart', 5));
    expect(heard()).toEqual(['synced change']);
    lower('refusesShop');
    await take(endpoints('shop', 66));
    expect(heard()).toEqual(['set aside: ', 'synced change']);
  });
});

it('no service is set aside where the search for the refused one fails for want of something', async () => {
  const { take, heard, raise } = await begun();
  raise('refusesShop');
  raise('wantsRoomForParts');
  await expect(take(endpoints('shop', 66))).rejects.toThrow('exit code 4');
  expect(heard()).toEqual(['failed delta', 'failed full']);
});

it('a large change is written in parts, and one that is larger still is compared', async () => {
  const { take, heard, last } = await begun();
  const many = (count: number, last: number) =>
    Array.from({ length: count }, (_, index) => endpoints(`s-${index}`, last));
  await take(...many(1_200, 1));
  expect(heard()).toEqual(['synced change', 'synced change', 'synced change']);
  expect(last()?.kind).toBe('delta');
  await take(...many(2_100, 2));
  expect(heard()).toEqual(['synced change']);
  expect(last()?.kind).toBe('full');
});
