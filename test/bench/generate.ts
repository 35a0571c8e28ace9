/* Time and memory of generating a large node's rules: `make bench`. Prints, asserts nothing. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const SERVICES = 10_000;
const ENDPOINTS = 10;
const RUNS = 5;
/** As the launcher and the DaemonSet set them. */
const FLAGS = ['--max-semi-space-size=2', '--no-allocation-site-pretenuring'];

const directory = mkdtempSync(join(tmpdir(), 'chainwright-bench-'));
try {
  // Bundled, as the product is: the compiler's own memory is not measured with it.
  const script = join(directory, 'generate-once.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'generate-once.ts')],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
  const rows = Array.from({ length: RUNS }, () => measure(script));
  console.log(`\nfull text of ${SERVICES} services x ${ENDPOINTS} endpoints, ${RUNS} runs`);
  console.log('| run | routes ms | text ms | both ms | text MB | lines | peak RSS MB | RSS before MB |');
  console.log('|---|---|---|---|---|---|---|---|');
  rows.forEach((row, index) => {
    const { routes, text, megabytes, lines, peak, before } = row;
    const cells = [index + 1, routes, text, routes + text, megabytes, lines, peak, before];
    console.log(`| ${cells.map((cell) => Math.round(cell * 10) / 10).join(' | ')} |`);
  });
  const median = (values: readonly number[]) =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const time = median(rows.map((row) => row.routes + row.text));
  const peak = median(rows.map((row) => row.peak));
  console.log(`\nmedian: ${time.toFixed(0)} ms, peak RSS ${peak.toFixed(0)} MB (aims: < 1000 ms, < 260 MB)`);
} finally {
  rmSync(directory, { recursive: true });
}

interface Row {
  readonly routes: number;
  readonly text: number;
  readonly megabytes: number;
  readonly lines: number;
  readonly peak: number;
  readonly before: number;
}

function measure(script: string): Row {
  const arguments_ = [...FLAGS, script, String(SERVICES), String(ENDPOINTS)];
  const { stdout, stderr, status } = spawnSync(process.execPath, arguments_, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`generate-once ended with ${String(status)}: ${stderr}`);
  return JSON.parse(stdout) as Row;
}
