import { expect, it } from 'vitest';
import { backendOf } from '../../../src/iptables/backend.ts';
import { familySync, type FamilySync } from '../../../src/reconciler/family-sync.ts';
import { clusterStore } from '../../../src/reconciler/store.ts';
import { CLASSIC } from '../../support/cases.ts';
import { plainService } from '../../support/plain-objects.ts';
import { plainView } from '../../support/plain-routes.ts';
import { scriptedTools, type ScriptedTools } from '../../support/scripted-tools.ts';

/* Comparisons that nothing but the time calls for. The kernel takes everything, and shows nothing of it. */

interface Scene {
  readonly tools: ScriptedTools;
  readonly sync: FamilySync;
  readonly change: (name: string) => void;
  /** A comparison is under way that nothing but the time calls for. */
  readonly comparing: () => Promise<{ readonly syncing: Promise<void> }>;
  readonly told: readonly string[];
  /** Seconds. */
  readonly clock: { now: number };
}

/** Its rules are in the kernel; from now on readings last until `go` is raised. */
async function scene(): Promise<Scene> {
  const tools = scriptedTools(`
    case "$*" in
      *-save*) [ ! -e $at/slow ] || { touch $at/reading; until [ -e $at/go ]; do sleep 0.01; done; } ;;
      *-restore*) cat > /dev/null ;;
    esac`);
  const told: string[] = [];
  const clock = { now: 0 };
  const store = clusterStore('node-a');
  const view = plainView();
  const sync = familySync({
    backend: backendOf('nft', 'ipv4', tools.via),
    store,
    view: () => view,
    layout: () => CLASSIC,
    clock: () => clock.now,
    observer: {
      onSynced: ({ kind, reason }) => told.push(`${kind} ${reason}`),
      onFailed: (_, kind) => told.push(`failed ${kind}`),
      onIsolated: () => undefined,
    },
  });
  await sync.sync();
  tools.raise('slow');
  const change = (name: string): void => {
    const object = plainService({ name });
    sync.touch(store.take([{ kind: 'service', key: `default/${name}`, object }]).services);
  };
  const comparing: Scene['comparing'] = async () => {
    tools.lower('reading');
    sync.invalidate('check', true);
    const syncing = sync.sync();
    await tools.raised('reading');
    return { syncing };
  };
  return { tools, sync, change, comparing, told, clock };
}

it('changes go before a comparison that is under way, which is tried again soon', async () => {
  const { tools, sync, change, comparing, told, clock } = await scene();
  const { syncing } = await comparing();
  change('a');
  await syncing;
  expect(told).toEqual(['full start', 'delta change']);
  expect({ isPending: sync.isPending(), owedIn: sync.owedIn() }).toEqual({ isPending: false, owedIn: 10 });

  clock.now = 10;
  tools.raise('go');
  sync.invalidate('check', true);
  await sync.sync();
  expect(told).toEqual(['full start', 'delta change', 'full check']);
  expect(sync.owedIn()).toBeUndefined();
});

it.each([
  ['was called for by more than the time', (sync: FamilySync) => sync.invalidate('check')],
  [
    'was called for by more, while it was waited for',
    (sync: FamilySync) => {
      sync.invalidate('check', true);
      sync.invalidate('check');
      sync.invalidate('check', true);
    },
  ],
  ['looks for what was flushed', (sync: FamilySync) => sync.invalidate('flush', true)],
] as const)('they wait for one that %s', async (_, invalidate) => {
  const { tools, sync, change, told } = await scene();
  invalidate(sync);
  const syncing = sync.sync();
  await tools.raised('reading');
  change('a');
  tools.raise('go');
  await syncing;
  expect(told).toEqual(['full start', expect.stringMatching(/^full (?:check|flush)$/)]);
  await sync.sync();
  expect(told.at(-1)).toBe('delta change');
});

it('they wait for one that has yielded for a quarter of an hour', async () => {
  const { tools, sync, change, comparing, told, clock } = await scene();
  for (const [name, now] of [
    ['a', 0],
    ['b', 899],
  ] as const) {
    clock.now = now;
    const { syncing } = await comparing();
    change(name);
    await syncing;
  }
  expect(told).toEqual(['full start', 'delta change', 'delta change']);

  clock.now = 900;
  const { syncing } = await comparing();
  change('c');
  tools.raise('go');
  await syncing;
  expect(told.slice(3)).toEqual(['full check']);
  await sync.sync();
  expect(told.slice(3)).toEqual(['full check', 'delta change']);
});
