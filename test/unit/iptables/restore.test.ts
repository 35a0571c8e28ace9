import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backendOf, type Backend, type BackendKind } from '../../../src/iptables/backend.ts';
import { failingLine, restore, RestoreError } from '../../../src/iptables/restore.ts';
import { ToolError } from '../../../src/iptables/tool.ts';

let directory = '';
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'restore-'))));
afterEach(async () => rm(directory, { recursive: true }));

/** A shell script in the place of the tool. */
const played = (kind: BackendKind, script: string): Backend => ({
  ...backendOf(kind, 'ipv4'),
  restore: ['sh', '-c', `cd ${directory}; ${script}`],
});

const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `-A KUBE-SERVICES -m comment --comment line-${index + 1}`);

describe('the offending line', () => {
  it.each([
    ['iptables-restore: line 51 failed', 51],
    ['iptables-nft-restore v1.8.9 (nf_tables): \nline 12: CHAIN_ADD failed (Too many links)', 12],
    ["iptables-restore v1.8.9 (legacy): Couldn't load target `KUBE-X'\nError occurred at line: 7\nTry …", 7],
    ['Another app is currently holding the xtables lock', undefined],
  ])('of %j is %s', (stderr, line) => expect(failingLine(stderr)).toBe(line));

  it('is quoted with three neighbours on either side', async () => {
    const error: unknown = await restore(
      played('nft', 'cat > input; echo "line 20: RULE_APPEND failed" >&2; exit 1'),
      () => numbered(40),
    ).catch((reason: unknown) => reason);
    if (!(error instanceof RestoreError)) throw new Error(`expected a RestoreError, got ${String(error)}`);
    expect(error.excerpt.map(({ number }) => number)).toEqual([17, 18, 19, 20, 21, 22, 23]);
    expect(error.message).toContain('\n> 20: -A KUBE-SERVICES -m comment --comment line-20\n');
    expect(error.isRefusal).toBe(true);
  });
});

describe('a failed restore', () => {
  const failed = (stderr: string, failing?: number): RestoreError =>
    new RestoreError(new ToolError(['iptables-restore'], 'exit', 1, stderr), failing, []);

  it.each([
    'line 12: RULE_APPEND failed (No such file or directory)',
    'line 12: CHAIN_ADD failed (Invalid argument)',
  ])('is for what the input says, where a line is named: %s', (stderr) =>
    expect(failed(stderr, failingLine(stderr)).isRefusal).toBe(true),
  );

  it.each([
    'line 12: RULE_APPEND failed (Cannot allocate memory)',
    'line 12: RULE_APPEND failed (Out of memory)',
    'iptables-restore: line 12 failed: Memory allocation problem.',
    'line 12: CHAIN_ADD failed (Resource temporarily unavailable)',
    'line 12: RULE_APPEND failed (No buffer space available)',
    'line 12: TABLE_FLUSH failed (Interrupted system call)',
    'Another app is currently holding the xtables lock',
    '',
  ])('is for want of something else: %j', (stderr) =>
    expect(failed(stderr, failingLine(stderr)).isRefusal).toBe(false),
  );

  it('is none of the input where the tool was killed', async () => {
    const killed = restore(played('nft', 'kill -9 $$'), () => numbered(1));
    await expect(killed).rejects.toMatchObject({ name: 'ToolError', kind: 'signal' });
  });
});

describe('what the tool reads', () => {
  it.each(['nft', 'legacy'] as const)('is every line, of a large node too, %s', async (kind) => {
    const lines = numbered(20_000);
    await restore(played(kind, 'cat > input'), () => lines);
    expect(await readFile(join(directory, 'input'), 'utf8')).toBe(`${lines.join('\n')}\n`);
  });

  it('is made before it is started, on legacy: it holds the lock of all tables while it reads', async () => {
    let hadStarted: boolean | undefined;
    await restore(played('legacy', 'touch started; cat > input'), function* () {
      // More than one piece of what is written at once.
      yield* numbered(3_000);
      // Nothing else of this process goes on meanwhile, but a tool that was started would.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
      hadStarted = existsSync(join(directory, 'started'));
      yield 'COMMIT';
    });
    expect(hadStarted).toBe(false);
    expect(existsSync(join(directory, 'started'))).toBe(true);
  });
});
