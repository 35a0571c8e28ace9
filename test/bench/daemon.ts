/*
 * Time and memory of the daemon on a large node: `make bench`. Prints, asserts nothing.
 * KUBE_PROXY names a binary of kube-proxy that is to be measured in the same run.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { DaemonRow } from './daemon-once.ts';
import { row, runOnOwnNode } from './own-node.ts';

const RUN_LIMIT = 420;

const { values } = parseArgs({
  options: {
    services: { type: 'string', default: '10000' },
    endpoints: { type: 'string', default: '2' },
    backend: { type: 'string', default: 'both' },
    changes: { type: 'string', default: '5' },
  },
});
const { services, endpoints, backend, changes } = values;
const backends = backend === 'both' ? ['nft', 'legacy'] : [backend];
const proxies = (process.env.KUBE_PROXY ?? '') === '' ? ['chainwright'] : ['chainwright', 'kube-proxy'];

console.log(`\nthe daemon on a node of ${services} services x ${endpoints} endpoints`);
console.log(
  row(
    ...['', 'backend', 'first sync s', 'its own s', 'one endpoint ms (min, max)', 'its own ms'],
    ...['one service added ms', '1 % of services ms', 'RSS MB', 'at the end', 'peak', 'idle CPU %'],
  ),
);
console.log(row(...Array<string>(12).fill('---')));
for (const kind of backends) {
  const rows: (DaemonRow | undefined)[] = [];
  for (const proxy of proxies) rows.push(await measure(proxy, kind));
  const [ours, theirs] = rows;
  if (ours === undefined || theirs === undefined) continue;
  const ratio = (value: (row: DaemonRow) => number): string => (value(theirs) / value(ours)).toFixed(2);
  const ratios = [
    ratio(({ firstSync }) => firstSync),
    ratio(({ ownFirstSync }) => ownFirstSync),
    ratio((each) => median(each.changes)),
    ratio(({ ownChange }) => ownChange),
    ratio((each) => median(each.added)),
    ratio((each) => median(each.percent)),
    ratio(({ rssFirst }) => rssFirst),
    ratio(({ rssEnd }) => rssEnd),
    ratio(({ peak }) => peak),
    ratio(({ idle }) => idle),
  ];
  console.log(row('kube-proxy / chainwright', kind, ...ratios));
}
console.log('\naims, 10,000 x 2 on nft: first sync <= 2.5 s, one endpoint <= 90 ms, RSS <= 150 MB');

async function measure(proxy: string, kind: string): Promise<DaemonRow | undefined> {
  const script = join(import.meta.dirname, 'daemon-once.ts');
  try {
    const args = [proxy, kind, services, endpoints, changes];
    const { printed } = await runOnOwnNode(script, args, { seconds: RUN_LIMIT });
    const found = JSON.parse(printed) as DaemonRow;
    console.log(
      row(
        proxy,
        kind,
        found.firstSync.toFixed(2),
        found.ownFirstSync.toFixed(2),
        spread(found.changes),
        found.ownChange.toFixed(0),
        spread(found.added),
        spread(found.percent),
        found.rssFirst.toFixed(0),
        found.rssEnd.toFixed(0),
        found.peak.toFixed(0),
        found.idle.toFixed(1),
      ),
    );
    return found;
  } catch (error) {
    console.log(row(proxy, kind, `failed: ${String(error)}`, ...Array<string>(9).fill('')));
    process.exitCode = 1;
    return undefined;
  }
}

function spread(values: readonly number[]): string {
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  return `${median(values).toFixed(0)} (${lowest.toFixed(0)}, ${highest.toFixed(0)})`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
