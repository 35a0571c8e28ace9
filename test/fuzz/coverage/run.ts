/* Coverage-guided fuzzing of all that reads text; `make fuzz-coverage` installs what it needs. */

import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { ROOT } from '../../support/cases.ts';
import { LONGEST, seedsOf, TARGETS, type TargetName } from './seeds.ts';

const { values } = parseArgs({
  options: {
    /** Where Jazzer.js is, and where it needs one, a Debian with a younger C library. */
    fuzzer: { type: 'string', default: 'node_modules/.cache/fuzzer' },
    /** For each target. */
    seconds: { type: 'string', default: '60' },
    /** All of them without. */
    target: { type: 'string', multiple: true },
  },
});

const OUTPUT = join(ROOT, 'test/output/fuzz');
const FUZZER = resolve(ROOT, values.fuzzer);

/** The fuzzer counts branches as it loads the program, which must be CommonJS for that. */
async function bundle(name: TargetName): Promise<string> {
  const outfile = join(OUTPUT, `${name}.cjs`);
  await build({
    entryPoints: [join(import.meta.dirname, `targets/${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    logLevel: 'warning',
  });
  return outfile;
}

function folder(name: TargetName, kind: 'corpus' | 'seeds' | 'findings'): string {
  const path = join(OUTPUT, name, kind);
  mkdirSync(path, { recursive: true });
  return path;
}

/** The binary of the fuzzer is newer than the C library of Debian 12: Node then runs on a copy of a newer one. */
function node(): readonly string[] {
  const [loader] = globSync(join(FUZZER, 'debian-13/usr/lib/*-linux-gnu/ld-linux-*.so.*'));
  if (loader === undefined) return [process.execPath];
  return [loader, '--library-path', join(loader, '..'), process.execPath];
}

/** @returns whether it ran its time and nothing was found */
async function fuzz(name: TargetName): Promise<boolean> {
  const program = await bundle(name);
  const seeds = folder(name, 'seeds');
  for (const [index, seed] of seedsOf(name).entries()) writeFileSync(join(seeds, String(index)), seed);
  const findings = folder(name, 'findings');
  const log = join(OUTPUT, name, 'log');
  const [command = '', ...before] = node();
  const { status } = spawnSync(
    command,
    [
      ...before,
      join(FUZZER, 'node_modules/@jazzer.js/core/dist/cli.js'),
      ...[program, folder(name, 'corpus'), seeds],
      // Of its own detectors the one for prototypes is of use: there is no shell and no database here.
      ...['--sync', '--timeout=10000', '--disableBugDetectors', '^(?!prototype-pollution)', '--'],
      ...[`-max_total_time=${values.seconds}`, `-max_len=${LONGEST}`, '-rss_limit_mb=2048'],
      ...['-print_final_stats=1', `-artifact_prefix=${findings}/`],
    ],
    // It loses what does not fit into a pipe.
    { cwd: findings, stdio: ['ignore', 'ignore', openSync(log, 'w')] },
  );
  return told(name, status, readFileSync(log, 'utf8'));
}

function told(name: TargetName, status: number | null, log: string): boolean {
  const lines = log.split('\n');
  const coverage = /cov: (\d+)/.exec(lines.findLast((line) => /^#\d/.test(line)) ?? '')?.[1];
  const stat = (key: string): string | undefined => new RegExp(`^stat::${key}: +(\\d+)`, 'm').exec(log)?.[1];
  const runs = stat('number_of_executed_units');
  const figures = `${runs} runs, ${stat('average_exec_per_sec')} a second, ${coverage} branches`;
  if (status === 0 && runs !== undefined) {
    process.stdout.write(`${name}: nothing found in ${figures}\n`);
    return true;
  }
  const said = lines.filter((line) => !/^(?:#|INFO|".*" # Uses|stat::)/.test(line)).join('\n');
  process.stdout.write(
    `${said}\n${name}: ended with ${status} after ${figures}; see ${join(OUTPUT, name)}\n`,
  );
  return false;
}

const wanted = TARGETS.filter((name) => values.target?.includes(name) ?? true);
let found = false;
for (const name of wanted) if (!(await fuzz(name))) found = true;
process.exitCode = found || wanted.length === 0 ? 1 : 0;
