import { describe, expect, it, onTestFinished } from 'vitest';
import { backendOf, type BackendKind } from '../../../src/iptables/backend.ts';
import { watchForDrift } from '../../../src/reconciler/drift.ts';
import { scriptedTools } from '../../support/scripted-tools.ts';

/* How often rules are looked after that nobody harms. The kernel is a script that always shows them. */

const PATIENCE = { timeout: 30_000, interval: 20 };

interface Scene {
  readonly kind: BackendKind;
  /** Milliseconds. */
  readonly checkInterval?: number;
  readonly lastCheck?: number;
  readonly owedIn?: () => number | undefined;
  /** What the tool does that tells of losses. */
  readonly listener?: string;
  /** Why comparisons are asked for. */
  readonly because?: 'time' | 'alarm';
}

/** When comparisons of everything were asked for, in milliseconds. */
function watched({
  kind,
  checkInterval = 3_600_000,
  lastCheck = 1,
  owedIn = () => undefined,
  listener = 'exit 1',
  because = 'time',
}: Scene): readonly number[] {
  const { via } = scriptedTools(`case "$*" in *xtables-monitor*) ${listener} ;; *) echo '-A X -j Y' ;; esac`);
  const stop = new AbortController();
  const checks: number[] = [];
  const done = watchForDrift(
    {
      backend: backendOf(kind, 'ipv4', via),
      checkInterval,
      lastCheck: () => lastCheck,
      owedIn,
      isWriting: () => false,
      onDrift: (reason, mayYield) => {
        expect({ reason, mayYield }).toEqual({ reason: 'check', mayYield: because === 'time' });
        checks.push(performance.now());
      },
      onError: (error) => expect.unreachable(String(error)),
    },
    stop.signal,
  );
  onTestFinished(async () => {
    stop.abort();
    await done;
  });
  return checks;
}

const gaps = (times: readonly number[]): readonly number[] =>
  times.slice(1).map((time, index) => time - (times[index] ?? 0));

describe('everything is compared', () => {
  it('at intervals', async () => {
    const checks = watched({ kind: 'legacy', checkInterval: 300 });
    await expect.poll(() => checks.length, PATIENCE).toBeGreaterThan(2);
    expect(Math.min(...gaps(checks))).toBeGreaterThan(298);
  });

  it('less often where that takes long', async () => {
    const checks = watched({ kind: 'legacy', checkInterval: 1, lastCheck: 10 });
    await expect.poll(() => checks.length, PATIENCE).toBeGreaterThan(2);
    expect(Math.min(...gaps(checks))).toBeGreaterThan(498);
  });

  it('where one is owed, when it may be tried again, and no more than once a second', async () => {
    const until = performance.now() + 1_500;
    const owedIn = (): number => Math.max(0, until - performance.now());
    const checks = watched({ kind: 'legacy', lastCheck: 1_000_000, owedIn });
    await expect.poll(() => checks.length, PATIENCE).toBeGreaterThan(2);
    expect(checks[0]).toBeGreaterThan(until - 2);
    expect(Math.min(...gaps(checks))).toBeGreaterThan(998);
  });

  it('when the listener ended, which it does where more happens at once than it can hear', async () => {
    const checks = watched({ kind: 'nft', listener: 'sleep 1.2', because: 'alarm' });
    await expect.poll(() => checks.length, PATIENCE).toBeGreaterThan(0);
  });

  it('no more than once a second while a neighbour takes rules all the time', async () => {
    const loss = ' EVENT: -4 -t nat -D KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000';
    const checks = watched({
      kind: 'nft',
      because: 'alarm',
      listener: `while echo '${loss}'; do sleep 0.02; done`,
    });
    await expect.poll(() => checks.length, PATIENCE).toBeGreaterThan(2);
    expect(Math.min(...gaps(checks))).toBeGreaterThan(998);
  });
});
