import { expect, it } from 'vitest';
import { afterSyncs, type AfterSyncs } from '../../../src/daemon/after-syncs.ts';
import type { Family } from '../../../src/net/address.ts';
import { syncReport } from '../../support/sync-reports.ts';

interface Staged extends AfterSyncs {
  /** What was done, in its order. */
  readonly done: readonly string[];
  /** Lets the duty go on that looks at connections. */
  readonly goOn: () => void;
}

function staged(families: readonly Family[], afterFirstRules = () => Promise.resolve()): Staged {
  const done: string[] = [];
  const { promise: mayGoOn, resolve } = Promise.withResolvers<undefined>();
  const healthCheck = (family: Family) => ({
    sync: () => {
      done.push(`health checks ${family}`);
      return Promise.resolve();
    },
  });
  const syncs = afterSyncs({
    families,
    afterFirstRules: () => {
      done.push('first rules');
      return afterFirstRules();
    },
    healthChecks: new Map(families.map((family) => [family, healthCheck(family)])),
    conntrack: {
      note: () => undefined,
      clean: async (family) => {
        await mayGoOn;
        done.push(`connections ${family}`);
      },
    },
    isWriting: () => false,
    returnMemory: (work) => done.push(`memory ${work}`),
    log: { error: () => done.push('error') },
  });
  return { ...syncs, done, goOn: () => resolve(undefined) };
}

it('what fails after the first rules keeps nothing else from being done, then or later', async () => {
  const { note, settled, goOn, done } = staged(['ipv4'], () => Promise.reject(new Error('the test says no')));
  goOn();
  note(syncReport({ family: 'ipv4', kind: 'full' }));
  await settled();
  note(syncReport({ family: 'ipv4', kind: 'delta' }));
  await settled();
  expect(done).toEqual([
    ...['first rules', 'error', 'health checks ipv4', 'connections ipv4', 'memory full'],
    ...['health checks ipv4', 'connections ipv4', 'memory delta'],
  ]);
});

it('syncs that come while their duties are done have them done once more', async () => {
  const { note, settled, goOn, done } = staged(['ipv4']);
  note(syncReport({ family: 'ipv4', kind: 'delta' }));
  for (const kind of ['delta', 'full', 'delta'] as const) note(syncReport({ family: 'ipv4', kind }));
  goOn();
  await settled();
  expect(done).toEqual([
    ...['first rules', 'health checks ipv4', 'connections ipv4', 'memory delta'],
    ...['health checks ipv4', 'connections ipv4', 'memory full'],
  ]);
});

it('the first rules are those of all families', async () => {
  const { note, settled, goOn, done } = staged(['ipv4', 'ipv6']);
  goOn();
  note(syncReport({ family: 'ipv6' }));
  await settled();
  expect(done).not.toContain('first rules');
  note(syncReport({ family: 'ipv4' }));
  await settled();
  note(syncReport({ family: 'ipv6' }));
  await settled();
  expect(done.filter((each) => each === 'first rules')).toHaveLength(1);
});
