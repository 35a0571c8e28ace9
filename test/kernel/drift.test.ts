import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { classicRuleset } from '../../src/chains/ruleset.ts';
import { readConfig } from '../../src/config/load.ts';
import { applyRuleset } from '../../src/iptables/applier.ts';
import { backendOf, type Backend, type BackendKind } from '../../src/iptables/backend.ts';
import { plantCanary } from '../../src/reconciler/canary.ts';
import { watchForDrift } from '../../src/reconciler/drift.ts';
import type { FullReason } from '../../src/reconciler/observer.ts';
import { nodeView } from '../../src/routing/node-view.ts';
import { untilSomebodyListens } from './listening.ts';
import { makeNamespace, output, type Namespace } from './namespace.ts';

const { settings } = readConfig({ flags: { 'cluster-cidr': ['10.244.0.0/16'] } });
const view = nodeView(
  'ipv4',
  settings,
  { name: 'node-a', node: undefined },
  { interfaceAddresses: [], conntrackLiberal: false },
);
const RULESET = classicRuleset([], view);

interface Watch {
  /** The next word of drift. */
  readonly next: () => Promise<FullReason>;
  readonly seen: readonly FullReason[];
  /** Says that rules of ours are being written. */
  readonly write: (writing: boolean) => void;
}

/**
 * Rules of a node without services, watched; comparisons without a reason are far off.
 *
 * @param namespace where to wait until the kernel's word is listened to
 * @param lastCheck milliseconds that the last comparison took
 */
async function watched(backend: Backend, namespace?: Namespace, lastCheck = 1): Promise<Watch> {
  await applyRuleset(RULESET, backend);
  await plantCanary(backend);
  const stop = new AbortController();
  const told = new EventTarget();
  const seen: FullReason[] = [];
  let isWriting = false;
  const done = watchForDrift(
    {
      backend,
      checkInterval: 3_600_000,
      lastCheck: () => lastCheck,
      owedIn: () => undefined,
      isWriting: () => isWriting,
      onDrift: (reason) => {
        seen.push(reason);
        told.dispatchEvent(new Event('drift'));
      },
      onError: (error) => expect.unreachable(String(error)),
    },
    stop.signal,
  );
  onTestFinished(async () => {
    stop.abort();
    await done;
  });
  if (namespace !== undefined) await listening(namespace);
  const next = async (): Promise<FullReason> => {
    await once(told, 'drift');
    return seen.at(-1) ?? 'start';
  };
  return { next, seen, write: (writing) => (isWriting = writing) };
}

/** The kernel tells nothing to those who do not listen yet, and as long as they may not, looks are frequent. */
async function listening(namespace: Namespace): Promise<void> {
  await untilSomebodyListens(namespace);
  await sleep(3_500);
}

const run = (namespace: Namespace, kind: BackendKind, ...args: readonly string[]) =>
  output(namespace, `iptables-${kind}`, ...args);

describe('the watch for drift', () => {
  // Looks are half a minute apart here, longer than a test may take: only what the kernel tells is in time.
  describe('where the kernel tells of losses', { timeout: 20_000 }, () => {
    it.each([['nat'], ['filter']])('hears that the table %s is flushed', async (table) => {
      await using namespace = await makeNamespace();
      const watch = await watched(backendOf('nft', 'ipv4', namespace.via), namespace);
      const next = watch.next();
      await run(namespace, 'nft', '-t', table, '-F');
      expect(await next).toBe('flush');
    });

    it('looks for what was flushed before it was heard', async () => {
      await using namespace = await makeNamespace();
      const watch = await watched(backendOf('nft', 'ipv4', namespace.via));
      const next = watch.next();
      await run(namespace, 'nft', '-t', 'nat', '-F');
      expect(await next).toBe('flush');
    });

    it('has everything compared when a jump is taken, which no look shows', async () => {
      await using namespace = await makeNamespace();
      const watch = await watched(backendOf('nft', 'ipv4', namespace.via), namespace);
      const next = watch.next();
      await run(namespace, 'nft', '-t', 'nat', '-D', 'PREROUTING', '1');
      expect(await next).toBe('check');
    });

    it('owes a comparison to a loss that came too soon after the last one', async () => {
      await using namespace = await makeNamespace();
      const watch = await watched(backendOf('nft', 'ipv4', namespace.via), namespace, 1_000);
      const next = watch.next();
      await run(namespace, 'nft', '-t', 'nat', '-D', 'PREROUTING', '1');
      expect(await next).toBe('check');
    });

    it('takes no loss during our own writing for one of others', async () => {
      await using namespace = await makeNamespace();
      const watch = await watched(backendOf('nft', 'ipv4', namespace.via), namespace);
      watch.write(true);
      await run(namespace, 'nft', '-t', 'nat', '-F', 'KUBE-POSTROUTING');
      await applyRuleset(RULESET, backendOf('nft', 'ipv4', namespace.via));
      await sleep(1_500);
      watch.write(false);
      await sleep(1_500);
      expect(watch.seen).toEqual([]);
    });
  });

  describe('where the kernel tells of nothing', () => {
    it.each<[string, BackendKind]>([
      ['on legacy', 'legacy'],
      ['on nft without the tool', 'nft'],
    ])('sees by itself that a table is flushed, %s', async (_, kind) => {
      await using namespace = await makeNamespace();
      const backend: Backend = { ...backendOf(kind, 'ipv4', namespace.via), monitor: ['no-such-tool'] };
      const watch = await watched(backend);
      const next = watch.next();
      await run(namespace, kind, '-t', 'nat', '-F');
      expect(await next).toBe('flush');
    });
  });
});
