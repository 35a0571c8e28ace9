import { expect, it, onTestFinished } from 'vitest';
import { AUTO_LAYOUT } from '../../../src/chains/layout-choice.ts';
import { readConfig } from '../../../src/config/load.ts';
import { backendOf } from '../../../src/iptables/backend.ts';
import { startReconciler } from '../../../src/reconciler/reconciler.ts';
import { NODE_NAME, nodeIn } from '../../support/random-events.ts';
import { scriptedTools } from '../../support/scripted-tools.ts';

const ignore = (): void => undefined;

it('ends when it was told to before it began, and nothing was listed', async () => {
  const { done } = startReconciler(
    {
      nodeName: 'node-a',
      settings: readConfig({ flags: {} }).settings,
      layout: AUTO_LAYOUT,
      backends: [backendOf('nft', 'ipv4', ['a-command-that-is-not-there'])],
      host: () => ({ interfaceAddresses: [], conntrackLiberal: false }),
      observer: {
        onQueued: ignore,
        onSynced: ignore,
        onFailed: ignore,
        onIsolated: ignore,
        onTrouble: ignore,
      },
    },
    AbortSignal.abort(),
  );
  await expect(done).resolves.toBeUndefined();
});

it('brings a change of the node alone into the kernel', async () => {
  const { via } = scriptedTools(
    'case "$*" in *-restore*) cat > /dev/null ;; *-S*) echo "-A X -j Y" ;; esac; exit 0',
  );
  const reasons: string[] = [];
  const stop = new AbortController();
  const { done, listener } = startReconciler(
    {
      nodeName: NODE_NAME,
      settings: readConfig({ flags: {} }).settings,
      layout: AUTO_LAYOUT,
      backends: [backendOf('legacy', 'ipv4', via)],
      host: () => ({ interfaceAddresses: [], conntrackLiberal: false }),
      observer: {
        onQueued: ignore,
        onSynced: ({ reason }) => reasons.push(reason),
        onFailed: ignore,
        onIsolated: ignore,
        onTrouble: ignore,
      },
    },
    stop.signal,
  );
  onTestFinished(async () => {
    stop.abort();
    await done;
  });
  const seen = (): readonly string[] => reasons;
  listener.onChanges([{ kind: 'node', key: NODE_NAME, object: nodeIn('zone-1') }]);
  listener.onSynced();
  await expect.poll(seen, { timeout: 30_000 }).toEqual(['start']);
  listener.onChanges([{ kind: 'node', key: NODE_NAME, object: nodeIn('zone-2') }]);
  await expect.poll(seen, { timeout: 30_000 }).toEqual(['start', 'node']);
});
