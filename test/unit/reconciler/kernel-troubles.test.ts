import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AUTO_LAYOUT } from '../../../src/chains/layout-choice.ts';
import { readConfig } from '../../../src/config/load.ts';
import { backendOf, type Backend } from '../../../src/iptables/backend.ts';
import { watchForDrift } from '../../../src/reconciler/drift.ts';
import type { FullReason } from '../../../src/reconciler/observer.ts';
import { startReconciler, type Reconciler } from '../../../src/reconciler/reconciler.ts';
import { plainService } from '../../support/plain-objects.ts';
import { scriptedTools } from '../../support/scripted-tools.ts';

/** What a reconciler tells, in its order: `queued`, `synced REASON`, `failed`, `trouble`. */
interface Told extends Pick<Reconciler, 'listener'> {
  readonly events: readonly string[];
  /** Waits until it has told this, after so many events. */
  readonly heard: (event: string, after?: number) => Promise<void>;
}

/** Milliseconds; the scripts end at once or never. */
const LIMITS = { firstTry: 3_000, lastResort: 20_000 };

/** @param via runs the tools of the legacy store, or what stands for them */
function started(via: readonly string[]): Told {
  const stop = new AbortController();
  const events: string[] = [];
  const { done, listener } = startReconciler(
    {
      nodeName: 'node-a',
      settings: readConfig({ flags: {} }).settings,
      layout: AUTO_LAYOUT,
      backends: [{ ...backendOf('legacy', 'ipv4', via), limits: LIMITS }],
      host: () => ({ interfaceAddresses: [], conntrackLiberal: false }),
      observer: {
        onQueued: () => events.push('queued'),
        onSynced: ({ reason }) => events.push(`synced ${reason}`),
        onFailed: () => events.push('failed'),
        onIsolated: () => undefined,
        onTrouble: () => events.push('trouble'),
      },
    },
    stop.signal,
  );
  onTestFinished(async () => {
    stop.abort();
    await done;
  });
  const heard = async (event: string, after = 0): Promise<void> => {
    while (!events.includes(event, after)) await sleep(10);
  };
  return { events, heard, listener };
}

const service = (name: string) =>
  ({ kind: 'service', key: `default/${name}`, object: plainService({ name }) }) as const;

/** A kernel that takes everything, shows nothing of it to a comparison, and all that is looked for to a look. */
const PEACE = `
  case "$*" in
    *-save*) exit 0 ;;
    *-restore*) cat > /dev/null; exit 0 ;;
    *-S*) echo "-A a rule"; exit 0 ;;
  esac`;

interface Watched {
  /** The next word of drift. */
  readonly drift: Promise<FullReason>;
  readonly errors: () => number;
}

function watched(backend: Backend): Watched {
  const stop = new AbortController();
  let errors = 0;
  const { promise: drift, resolve: onDrift } = Promise.withResolvers<FullReason>();
  const done = watchForDrift(
    {
      backend,
      checkInterval: 3_600_000,
      lastCheck: () => 1,
      owedIn: () => undefined,
      isWriting: () => false,
      onDrift,
      onError: () => (errors += 1),
    },
    stop.signal,
  );
  onTestFinished(async () => {
    stop.abort();
    await done;
  });
  return { drift, errors: () => errors };
}

describe('looks at the tables', () => {
  it('go on at the others, and in peace, where one cannot be looked at', async () => {
    const { via } = scriptedTools(`case "$*" in *"-t nat"*) exit 3 ;; *) exit 1 ;; esac`);
    const { drift, errors } = watched(backendOf('legacy', 'ipv4', via));
    expect(await drift).toBe('flush');
    expect(errors()).toBeGreaterThan(0);
    expect(errors()).toBeLessThan(10);
  });

  it('that fail after the kernel has told of a loss do not make it forgotten', async () => {
    const { via } = scriptedTools(`
      case "$*" in
        *xtables-monitor*) echo ' EVENT: -4 -t nat -D KUBE-POSTROUTING -j RETURN'; exec sleep 1000 ;;
        *-S*) [ -e $at/looked ] || { touch $at/looked; exit 3; }; echo "-A a rule" ;;
      esac`);
    const { drift, errors } = watched(backendOf('nft', 'ipv4', via));
    expect(await drift).toBe('check');
    expect(errors()).toBe(1);
  });
});

describe('a reconciler', () => {
  it('looks after its rules where no canary can be planted', async () => {
    const { via } = scriptedTools(`
      case "$*" in
        *-save*) exit 0 ;;
        *-restore*) ! grep -q '^\\*mangle' ;;
        *) exit 1 ;;
      esac`);
    const { listener, heard } = started(via);
    listener.onSynced();
    await heard('trouble');
    await heard('synced flush');
  });

  it('plants the canary again after a flush, which may have taken it', async () => {
    const { via, directory } = scriptedTools(`
      case "$*" in
        *-save*) exit 0 ;;
        *-restore*) grep '^\\*mangle' >> $at/planted; exit 0 ;;
        *CANARY*) exit 1 ;;
        *) [ -e $at/looked ] || { touch $at/looked; exit 1; }; echo "-A a rule" ;;
      esac`);
    const { listener, heard } = started(via);
    listener.onSynced();
    await heard('synced flush');
    await expect.poll(() => readFileSync(join(directory, 'planted'), 'utf8')).toBe('*mangle\n*mangle\n');
  });

  it('does not look after rules that it could not write yet', async () => {
    const { via, directory } = scriptedTools(`
      case "$*" in
        *-save*) exit 0 ;;
        *-restore*) cat > /dev/null; exit 4 ;;
        *-S*) touch $at/looked; exit 1 ;;
      esac`);
    const { listener, events } = started(via);
    listener.onSynced();
    // Looks are two seconds apart, and these failures more.
    const failures = (): number => events.filter((event) => event === 'failed').length;
    await expect.poll(failures, { timeout: 30_000 }).toBeGreaterThan(3);
    expect(existsSync(join(directory, 'looked'))).toBe(false);
  });

  it('tells that changes wait which came while others were written', async () => {
    const { via, raise, raised } = scriptedTools(`
      case "$*" in *-restore*) touch $at/writing; until [ -e $at/go ]; do sleep 0.01; done ;; esac
      ${PEACE}`);
    const { listener, heard, events } = started(via);
    listener.onChanges([service('early')]);
    listener.onSynced();
    await raised('writing');
    listener.onChanges([service('late')]);
    raise('go');
    await heard('synced start');
    await heard('synced change');
    expect(events.slice(events.indexOf('synced start') + 1, events.indexOf('synced change'))).toContain(
      'queued',
    );
  });

  it('tells that rules wait which others took and that cannot be written again', async () => {
    const { via, raise } = scriptedTools(`
      case "$*" in *-restore*|*-S*) [ ! -e $at/flushed ] || { cat > /dev/null; exit 1; } ;; esac
      ${PEACE}`);
    const { listener, heard, events } = started(via);
    listener.onSynced();
    await heard('synced start');
    raise('flushed');
    const before = events.length;
    await heard('failed', before);
    await heard('queued', before);
  });

  it('writes again what was flushed where the kernel cannot be read any more', async () => {
    const { via, raise } = scriptedTools(`
      [ ! -e $at/flushed ] || case "$*" in *-save*) exec sleep 1000 ;; *"-S KUBE-"*) exit 1 ;; esac
      ${PEACE}`);
    const { listener, heard } = started(via);
    listener.onSynced();
    await heard('synced start');
    raise('flushed');
    await heard('synced flush');
  });
});
