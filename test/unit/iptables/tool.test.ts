import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runTool, ToolError, type Command, type ToolOptions } from '../../../src/iptables/tool.ts';

let directory = '';
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'tool-'))));
afterEach(async () => rm(directory, { recursive: true }));

const shell = (script: string): Command => ['sh', '-c', script];

async function failure(command: Command, options?: ToolOptions): Promise<ToolError> {
  const error: unknown = await runTool(command, options).catch((reason: unknown) => reason);
  if (!(error instanceof ToolError)) throw new Error(`expected a ToolError, got ${String(error)}`);
  return error;
}

async function linesOf(script: string): Promise<readonly string[]> {
  const lines: string[] = [];
  await runTool(shell(script), { onLine: (line) => lines.push(line) });
  return lines;
}

describe('a tool that fails', () => {
  it('is missing where there is no such file, and where it may not be executed', async () => {
    expect(await failure(['no-such-tool-anywhere'])).toMatchObject({ kind: 'missing' });
    const file = join(directory, 'tool');
    await writeFile(file, '#!/bin/sh\n', { mode: 0o644 });
    expect(await failure([file])).toMatchObject({ kind: 'missing' });
  });

  it('could not be started where the system has no room for it', async () => {
    // A process that has opened all the files that it may.
    const program = `
      import { openSync } from 'node:fs';
      import { runTool } from ${JSON.stringify(new URL('../../../src/iptables/tool.ts', import.meta.url).href)};
      const first = runTool(['true']);
      await first;
      try { for (;;) openSync('/dev/null'); } catch {}
      await runTool(['true']).catch(({ kind, message }) => console.log(kind, message));`;
    const { stdout } = await execa('sh', [
      ...['-c', 'ulimit -n 64; exec "$@"', 'sh'],
      ...[process.execPath, '--input-type=module', '--eval', program],
    ]);
    expect(stdout).toBe('notStarted true: the system has no room for another process: EMFILE');
  });

  it('tells its exit code and what it said', async () => {
    expect(await failure(shell('echo no >&2; exit 3'))).toMatchObject({
      kind: 'exit',
      exitCode: 3,
      stderr: 'no',
      message: 'sh -c echo no >&2; exit 3: exit code 3: no',
    });
  });

  it('was ended by a signal, or stopped when its time was over', async () => {
    expect(await failure(shell('kill -9 $$'))).toMatchObject({ kind: 'signal' });
    expect(await failure(['sleep', '1000'], { timeout: 50 })).toMatchObject({ kind: 'timeout' });
  });

  it('does not have its children waited for, when it is killed', async () => {
    let child = 0;
    const onLine = (line: string): void => void (child = Number(line));
    const script = 'sleep 1000 & echo $!; kill -9 $$';
    try {
      expect(await failure(shell(script), { onLine })).toMatchObject({ kind: 'signal' });
    } finally {
      process.kill(child);
    }
  });
});

describe('what a tool prints', () => {
  it('comes line by line, the last one without its end too', async () => {
    expect(await linesOf("printf 'one\\n\\ntwo'")).toEqual(['one', '', 'two']);
  });

  it('comes whole where a line is longer than what is read at once', async () => {
    const [line = '', ...rest] = await linesOf("head -c 300000 /dev/zero | tr '\\0' x; echo");
    expect([line.length, rest]).toEqual([300_000, []]);
  });

  it('is not held without end, where lines have none', async () => {
    for (const script of ['cat /dev/zero', 'head -c 3000000 /dev/zero; exit 0'])
      expect(await failure(shell(script), { onLine: () => undefined })).toMatchObject({ kind: 'garbage' });
  });

  it('has a character for each byte, whatever it holds', async () => {
    expect(await linesOf("printf '\\303\\050\\n'")).toEqual(['\u00c3(']);
  });
});

it('a tool that ends before it has read all of its input has not failed for that', async () => {
  const input = Array.from({ length: 100 }, () => 'x'.repeat(65_536));
  await expect(runTool(['true'], { input })).resolves.toBeUndefined();
});
