/*
 * What a new connection and a sync cost: `make bench`. Each contest runs in network namespaces of its own,
 * its rivals side by side. Prints progress to standard error and asserts no time; leaves tables and charts in
 * test/bench/results, those of a quick run in test/bench/results/quick.
 */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { FAMILIES } from '../../../src/net/address.ts';
import { command, runOnOwnNode } from '../own-node.ts';
import { packetCharts, syncChart } from './charts.ts';
import { readOptions, USAGE, type BenchOptions } from './options.ts';
import { report } from './report.ts';
import type { Machine, PacketContest, Results, SyncContest } from './results.ts';

const LIMIT = { seconds: 2_400 };

const options = optionsOrExit();
const directory = join(import.meta.dirname, '../results', options.quick ? 'quick' : '');
const packets: PacketContest[] = [];
const syncs: SyncContest[] = [];
const results: Results = { machine: machine(), options, packets, syncs };

if (options.parts.includes('packets')) {
  for (const family of FAMILIES) {
    for (const services of options.packets[family]) {
      console.error(`packets, ${family}, ${services} services`);
      const { rounds, batch } = options;
      await hold(['packets', family, services, rounds, batch], (printed) =>
        packets.push(JSON.parse(printed) as PacketContest),
      );
    }
  }
}
if (options.parts.includes('syncs')) {
  for (const services of options.syncs) {
    console.error(`syncs, ${services} services`);
    const { fullRounds, syncRounds, patient } = options;
    await hold(['syncs', services, fullRounds, syncRounds, patient ? 1 : 0], (printed) =>
      syncs.push(JSON.parse(printed) as SyncContest),
    );
  }
}
console.log(publish());

/** Holds one contest; one that fails is told, and does not spoil the others. */
async function hold(args: readonly (string | number)[], take: (printed: string) => void): Promise<void> {
  const script = join(import.meta.dirname, 'contest.ts');
  try {
    take((await runOnOwnNode(script, args.map(String), LIMIT)).printed);
    // A long run that is ended early leaves what it had.
    publish();
  } catch (error) {
    console.error(`  failed: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

/** Writes what was found so far; returns its tables. */
function publish(): string {
  mkdirSync(directory, { recursive: true });
  const charts = [...packetCharts(packets), ...syncChart(syncs)];
  const text = report(results, charts);
  keep('datapath.json', `${JSON.stringify(results)}\n`);
  keep('datapath.md', text);
  for (const { file, svg } of charts) keep(file, svg);
  return text;
}

/** Under sudo the files belong to who called it. */
function keep(name: string, text: string): void {
  const { SUDO_UID, SUDO_GID } = process.env;
  const path = join(directory, name);
  writeFileSync(path, text);
  if (SUDO_UID === undefined || SUDO_GID === undefined) return;
  for (const each of [path, directory]) chownSync(each, Number(SUDO_UID), Number(SUDO_GID));
}

function machine(): Machine {
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? 'unknown',
    processors: processors.length,
    kernel: release(),
    iptables: command('iptables-nft', '--version').split(' ')[1] ?? '',
    nft: command('nft', '--version').split(' ')[1] ?? '',
  };
}

function optionsOrExit(): BenchOptions {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(1);
  }
}
