/* One first listing, in a process of its own so that its memory is its own: client.mjs KUBECONFIG [WatchList]. */
import { readFileSync } from 'node:fs';
import { connectApi } from '../../../src/cluster/api/connect.ts';
import { apiSource } from '../../../src/cluster/api/source.ts';

const [kubeconfig = ''] = process.argv.slice(2);
const stop = new AbortController();
const objects = new Map<string, unknown>();
const before = memory('VmRSS');
const start = performance.now();
const cpu = process.cpuUsage();
const { send } = await connectApi({ kubeconfig }, 'chainwright/measure');
const ready = performance.now();
const quiet = (): void => undefined;
await apiSource({ send, nodeName: 'node-a', log: { debug: quiet, info: quiet, warn: quiet } }).run(
  {
    onChanges: (changes) => {
      for (const { kind, key, object } of changes) objects.set(`${kind} ${key}`, object);
    },
    onSynced: () => {
      const { user, system } = process.cpuUsage(cpu);
      const row = {
        before,
        client: ready - start,
        milliseconds: performance.now() - ready,
        cpu: (user + system) / 1000,
        peak: memory('VmHWM'),
        rss: memory('VmRSS'),
        heap: process.memoryUsage().heapUsed / 1e6,
        objects: objects.size,
      };
      process.stdout.write(JSON.stringify(row));
      stop.abort();
    },
  },
  stop.signal,
);

function memory(field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}
