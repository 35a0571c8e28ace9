import { expect, it } from 'vitest';
import { AUTO_LAYOUT } from '../../../src/chains/layout-choice.ts';
import { readConfig } from '../../../src/config/load.ts';
import { backendOf } from '../../../src/iptables/backend.ts';
import { startReconciler } from '../../../src/reconciler/reconciler.ts';

it('ends when it was told to before it began, and nothing was listed', async () => {
  const ignore = (): void => undefined;
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
