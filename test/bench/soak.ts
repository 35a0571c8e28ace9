/*
 * Changes without a pause: `make soak`. Ends with 1 when a change takes more than 2 s to reach the kernel, when a
 * connection to a service with ready endpoints fails, when the kernel's rules are not those of a full render in
 * the end, or when memory grows.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { text as textOf } from 'node:stream/consumers';
import { rulesetOf } from '../../src/chains/layout.ts';
import { endpointChainName, serviceChainName } from '../../src/chains/names.ts';
import { toNode } from '../../src/cluster/node.ts';
import { endpointSliceSchema, nodeSchema, serviceSchema } from '../../src/cluster/schemas.ts';
import { toService } from '../../src/cluster/service.ts';
import { toEndpointSlice } from '../../src/cluster/slice.ts';
import { readConfig } from '../../src/config/load.ts';
import { canonicalRules } from '../../src/inspect/canonical.ts';
import { backendOf, LOCK_SECONDS } from '../../src/iptables/backend.ts';
import { restoreLines } from '../../src/iptables/restore-text.ts';
import { FAMILIES, joinHostPort, type Address } from '../../src/net/address.ts';
import { familyName } from '../../src/net/family-name.ts';
import { isConntrackLiberal, readInterfaceAddresses } from '../../src/node/host.ts';
import { nodeView } from '../../src/routing/node-view.ts';
import { clusterRoutes } from '../../src/routing/routes.ts';
import { FakeServer } from '../api/fake-server.ts';
import type { Plural } from '../api/fake-store.ts';
import { benchCluster, NODE_NAME } from './cluster-objects.ts';
import { isInside, prepareNode, row, runOnOwnNode } from './own-node.ts';
import { CONFIG, startProxy, type Proxy } from './proxy-process.ts';
import { makeChanges, type Changes, type State } from './soak-changes.ts';
import { prepareTraffic, runClient, type ClientTally } from './soak-client.ts';

const MOST_LAG = 2_000;
const MOST_SLOPE = 2;
/** Milliseconds between two looks at the whole table. */
const LOOK_EVERY = 15_000;
/** Milliseconds for which an endpoint that is gone must stay away. */
const FORGOTTEN = 60_000;

const { values } = parseArgs({
  options: {
    services: { type: 'string', default: '1000' },
    /** Of each service, at first. */
    endpoints: { type: 'string', default: '2' },
    /** Endpoints a second that come, go, or turn ready or not. */
    rate: { type: 'string', default: '100' },
    /** Per cent of the services whose rolling update goes on by a step, each second. */
    rolling: { type: 'string', default: '0' },
    /** Nodes a minute whose endpoints are not ready for a while. */
    flaps: { type: 'string', default: '0' },
    /** New connections a second. */
    connections: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '5' },
    layout: { type: 'string', default: 'auto' },
    backend: { type: 'string', default: 'nft' },
    family: { type: 'string', default: 'ipv4' },
  },
});
const services = Number(values.services);
const endpoints = Number(values.endpoints);
const rate = Number(values.rate);
const rolling = Number(values.rolling);
const flaps = Number(values.flaps);
const connections = Number(values.connections);
const minutes = Number(values.minutes);
const layout = oneOf(['auto', 'classic', 'indexed'], values.layout);
const backend = oneOf(['nft', 'legacy'], values.backend);
const family = oneOf(FAMILIES, values.family);
const cluster = benchCluster(family);
const tools = backendOf(backend, family);
const iptables = (...args: readonly string[]) => run(...tools.list, '-w', String(LOCK_SECONDS), ...args);
const saved = (table: string) => run(...tools.save, '-t', table);
const socket = (address: Address): string => joinHostPort(address, 8080);

if (isInside()) {
  prepareNode();
  if (connections > 0) prepareTraffic(family);
  await soak();
} else {
  const { printed, code } = await runOnOwnNode(import.meta.filename, process.argv.slice(2), {
    seconds: minutes * 60 + 120,
    anyCode: true,
  });
  process.stdout.write(printed);
  process.exitCode = code;
}

function oneOf<Choice extends string>(choices: readonly Choice[], given: string): Choice {
  const found = choices.find((choice) => choice === given);
  if (found === undefined) throw new Error(`expected one of ${choices.join(', ')}, got ${given}`);
  return found;
}

async function soak(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'chainwright-soak-'));
  const server = await FakeServer.start({ store: cluster.store(services, endpoints) });
  const proxy = startProxy({ kind: backend, args: ['--layout', layout], directory, server });
  try {
    await firstSync(proxy);
    const changes = makeChanges({ server, cluster, services, endpoints });
    const client: ClientTally = { asked: 0, answered: 0, failures: {}, astray: 0 };
    const stop = new AbortController();
    const lags: Lag[] = [];
    const looks: Look[] = [];
    const memory: Memory[] = [];
    const cpu = proxy.cpu();
    const begin = performance.now();
    await Promise.all([
      makeThem(changes, begin, stop),
      sampleLags(changes, lags, begin, stop.signal),
      lookAtAll(changes, looks, begin, stop.signal),
      sampleMemory(proxy, memory, begin, stop.signal),
      connections > 0
        ? runClient(
            { family, cluster, changes, services, rate: connections, mostLag: MOST_LAG },
            client,
            stop.signal,
          )
        : undefined,
    ]);
    const seconds = (performance.now() - begin) / 1000;
    const busy = ((proxy.cpu() - cpu) / seconds) * 100;
    const settled = await settle(server);
    const metrics = await proxy.metrics();
    const syncs = ['kind="delta"', 'kind="full"', 'outcome="failed"'].map(
      (label) => metrics?.('chainwright_syncs_total', `ip_family="${familyName(family)}"`, label) ?? NaN,
    );
    const problems = proxy
      .log()
      .split('\n')
      .filter((line) => /"level":(?:"(?:warn|error)"|[456]0)/.test(line));
    const repairs = metrics?.('chainwright_drift_repairs_total') ?? NaN;
    const peak = proxy.memory('VmHWM');
    report({ changes, client, lags, looks, memory, seconds, busy, settled, peak, syncs, repairs, problems });
  } finally {
    await proxy.stop();
    await server.stop();
    rmSync(directory, { recursive: true });
  }
}

async function firstSync({ metrics, check }: Proxy): Promise<void> {
  const end = performance.now() + 60_000;
  for (;;) {
    check();
    const found = await metrics();
    if (
      found !== undefined &&
      found('kubeproxy_sync_proxy_rules_last_timestamp_seconds', familyName(family)) > 0
    )
      return;
    if (performance.now() > end) throw new Error('no rules after 60 s');
    await sleep(100);
  }
}

/** As many as should have been made by now, a few at a time. */
async function makeThem(changes: Changes, begin: number, stop: AbortController): Promise<void> {
  try {
    const kinds = [
      { make: changes.next, aSecond: rate, made: 0 },
      { make: changes.roll, aSecond: (services * rolling) / 100, made: 0 },
      { make: changes.flap, aSecond: flaps / 60, made: 0 },
    ];
    const end = minutes * 60;
    const passed = (): number => Math.min(end, (performance.now() - begin) / 1000);
    const isDone = (): boolean =>
      passed() === end && kinds.every(({ made, aSecond }) => made >= Math.floor(end * aSecond));
    while (!isDone()) {
      if (!changes.isPaused()) changes.comeBack('due');
      for (const kind of kinds) {
        for (; kind.made < Math.floor(passed() * kind.aSecond) && !changes.isPaused(); kind.made += 1)
          kind.make();
      }
      await sleep(5);
    }
    changes.comeBack('all');
  } finally {
    stop.abort();
  }
}

interface Lag {
  readonly minute: number;
  readonly wanted: boolean;
  /** Milliseconds. */
  readonly lag: number;
}

/** Follows one change after another until the kernel has it. */
async function sampleLags(changes: Changes, lags: Lag[], begin: number, signal: AbortSignal): Promise<void> {
  const stopped = new Promise<undefined>((resolve) =>
    signal.addEventListener('abort', () => resolve(undefined)),
  );
  while (!signal.aborted) {
    const sample = await Promise.race([changes.follow(), stopped]);
    if (sample === undefined) return;
    let lag = 0;
    do {
      const isServed = await isInKernel(sample);
      lag = performance.now() - sample.at;
      if (isServed === sample.wanted) break;
      await sleep(10);
    } while (lag < 5 * MOST_LAG);
    lags.push({ minute: (performance.now() - begin) / 60_000, wanted: sample.wanted, lag });
    changes.release();
    await sleep(250);
  }
}

/** Whether the service leads to the endpoint, by a chain of the endpoint's own or, in the indexed layout, without. */
async function isInKernel({ index, address }: State): Promise<boolean> {
  const label = `shop/service-${index}:http`;
  const service = serviceChainName('SVC', label, 'tcp');
  const endpoint = endpointChainName(label, 'tcp', socket(address));
  const { printed } = await iptables('-t', 'nat', '-S', service);
  if (printed.includes(`--to-destination ${socket(address)}`)) return true;
  if (!printed.includes(`-j ${endpoint}\n`)) return false;
  const { printed: itsRules } = await iptables('-t', 'nat', '-S', endpoint);
  return itsRules.includes('DNAT');
}

interface Look {
  readonly minute: number;
  readonly checked: number;
  /** Endpoints that should have been there, or gone, for more than two seconds. */
  readonly late: readonly string[];
  /** Those of them that should have been there. */
  readonly missing: number;
}

/** undefined where the table could not be read: the tool begins anew at every change and may never end. */
async function destinations(): Promise<ReadonlySet<string> | undefined> {
  const { printed, code } = await saved('nat');
  return code === 0 ? new Set(printed.match(/(?<=--to-destination )\S+/g)) : undefined;
}

/**
 * Compares every endpoint, now and then, two seconds after a last change: a table that changes cannot be read
 * for certain, and every change must have come to it by then.
 */
async function lookAtAll(changes: Changes, looks: Look[], begin: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    changes.pause();
    await sleep(MOST_LAG);
    const found = await destinations();
    const minute = (performance.now() - begin) / 60_000;
    const wrong = [...changes.states.values()].filter(
      ({ address, wanted }) => found?.has(socket(address)) !== wanted,
    );
    const late = found === undefined ? [] : wrong;
    looks.push({
      minute,
      checked: found === undefined ? 0 : changes.states.size,
      late: late.map(({ address }) => address),
      missing: late.filter(({ wanted }) => wanted).length,
    });
    changes.forget(FORGOTTEN);
    changes.resume();
  }
}

interface Memory {
  readonly minute: number;
  readonly megabytes: number;
}

async function sampleMemory(
  { memory, check }: Proxy,
  samples: Memory[],
  begin: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    check();
    samples.push({ minute: (performance.now() - begin) / 60_000, megabytes: memory('VmRSS') });
    await sleep(500, undefined, { signal }).catch(() => undefined);
  }
}

interface Settled {
  /** Lines that only one of them has; none where they are equal but for their order. */
  readonly difference: readonly string[];
  readonly equal: boolean;
  readonly seconds: number;
  readonly rules: number;
}

/** Waits until the kernel's rules are those of a full render. */
async function settle(server: FakeServer): Promise<Settled> {
  const begin = performance.now();
  const wanted = await wantedRules(server);
  for (;;) {
    const filter = await saved('filter');
    const nat = await saved('nat');
    const text = `${filter.printed}\n${nat.printed}`;
    const found = canonicalRules(text);
    const seconds = (performance.now() - begin) / 1000;
    const equal = found === wanted;
    if (equal || seconds > 10)
      return { equal, difference: difference(found, wanted), seconds, rules: ruleCount(wanted) };
    await sleep(50);
  }
}

function difference(found: string, wanted: string): readonly string[] {
  const here = new Set(found.split('\n'));
  const there = new Set(wanted.split('\n'));
  return [
    ...[...here].filter((line) => !there.has(line)).map((line) => `in the kernel only: ${line}`),
    ...[...there].filter((line) => !here.has(line)).map((line) => `in the render only: ${line}`),
  ];
}

function ruleCount(rules: string): number {
  return rules.match(/^-A/gm)?.length ?? 0;
}

async function wantedRules({ store }: FakeServer): Promise<string> {
  const { settings } = readConfig({ file: { name: 'config', text: CONFIG }, flags: {} });
  const all = (plural: Plural) => store.list(plural, {});
  const node = toNode(nodeSchema.parse(store.get('nodes', NODE_NAME)));
  const host = { interfaceAddresses: readInterfaceAddresses(), conntrackLiberal: await isConntrackLiberal() };
  const view = nodeView(family, settings, { name: NODE_NAME, node }, host);
  const cluster = {
    services: all('services').map((raw) => toService(serviceSchema.parse(raw))),
    slices: all('endpointslices')
      .map((raw) => toEndpointSlice(endpointSliceSchema.parse(raw)))
      .filter((slice) => slice !== undefined),
    nodes: [node],
  };
  const ruleset = rulesetOf({ name: layout, comments: 'auto' }, clusterRoutes(cluster, view), view);
  return canonicalRules([...restoreLines(ruleset)].join('\n'));
}

interface Figures {
  readonly changes: Changes;
  readonly client: ClientTally;
  readonly lags: readonly Lag[];
  readonly looks: readonly Look[];
  readonly memory: readonly Memory[];
  readonly seconds: number;
  /** Per cent of one processor. */
  readonly busy: number;
  readonly settled: Settled;
  readonly peak: number;
  /** Of the family: of changes, of everything, failed ones of either. */
  readonly syncs: readonly number[];
  /** Of drift, where nobody else wrote. */
  readonly repairs: number;
  /** Lines of the log. */
  readonly problems: readonly string[];
}

function report(figures: Figures): void {
  const { changes, client, lags, looks, memory, seconds, busy, settled, peak, syncs, repairs, problems } =
    figures;
  const sorted = lags.map(({ lag }) => lag).toSorted((a, b) => a - b);
  const worst = sorted.at(-1) ?? Infinity;
  const late = looks.reduce((sum, look) => sum + look.late.length, 0);
  const unread = looks.filter((look) => look.checked === 0).length;
  const missing = looks.reduce((sum, look) => sum + look.missing, 0);
  const checked = looks.reduce((sum, look) => sum + look.checked, 0);
  const [firstHalf, secondHalf] = halves(memory, seconds / 60);
  const growth = slopeOf(secondHalf);
  // What V8 takes and gives back once a minute is a slope as well, in a short run.
  const isHigher = mostOf(secondHalf) > mostOf(firstHalf);
  const quantile = (part: number): string => (sorted[Math.floor(sorted.length * part)] ?? NaN).toFixed(0);
  const verdict = (good: boolean): string => {
    if (!good) process.exitCode = 1;
    return good ? 'ok' : 'FAILED';
  };
  const appearing = lags.filter(({ wanted }) => wanted).length;
  console.log(
    `\n${services} services of ${endpoints} endpoints, ${minutes} minutes, ${family}, ${backend}, layout ${layout}`,
  );
  console.log(
    `a second: ${rate} changes, rolling updates of ${rolling} %, ${connections} connections; ${flaps} node flaps a minute`,
  );
  console.log(row('', 'seen', 'verdict'));
  console.log(row('---', '---', '---'));
  console.log(row('changes', `${changes.made()} in ${seconds.toFixed(1)} s`, ''));
  console.log(
    row(
      'changes followed into the kernel',
      `${lags.length} (${appearing} endpoints came, the others went)`,
      '',
    ),
  );
  console.log(row('lag ms: median, p99', `${quantile(0.5)}, ${quantile(0.99)}`, ''));
  console.log(row('lag ms: most', worst.toFixed(0), verdict(worst <= MOST_LAG)));
  console.log(
    row(
      `endpoints wrong in the kernel after 2 s, of ${checked} looked at`,
      `${late} (${missing} missing), ${unread} of ${looks.length} looks failed`,
      verdict(late === 0 && unread === 0 && checked > 0),
    ),
  );
  if (connections > 0) {
    const { asked, answered, failures, astray } = client;
    const failed = Object.values(failures).reduce((sum, count) => sum + count, 0);
    const verdictOnClient = verdict(failed + astray === 0 && answered > 0);
    console.log(
      row(
        'connections: answered, failed, led astray',
        `${answered} of ${asked}, ${failed}, ${astray}`,
        verdictOnClient,
      ),
    );
  }
  const state = settled.equal ? `equal after ${settled.seconds.toFixed(2)} s` : 'different';
  console.log(row(`the ${settled.rules} rules in the end, to a full render`, state, verdict(settled.equal)));
  console.log(
    row(
      'RSS MB: first, most in each half, peak',
      `${mb(memory[0]?.megabytes)}, ${mb(mostOf(firstHalf))}, ${mb(mostOf(secondHalf))}, ${mb(peak)}`,
      '',
    ),
  );
  console.log(
    row('RSS MB a minute, second half', growth.toFixed(2), verdict(growth <= MOST_SLOPE || !isHigher)),
  );
  console.log(row('CPU % of one processor, with tools', busy.toFixed(0), ''));
  console.log(row('syncs: delta, full, failed', syncs.join(', '), ''));
  console.log(row('repairs of drift, where there was none', repairs, verdict(repairs === 0)));
  console.log(row('warnings and errors logged', problems.length, ''));
  for (const [failure, count] of Object.entries(client.failures))
    console.log(`${count} connections: ${failure}`);
  for (const { minute, lag } of lags) {
    if (lag > MOST_LAG) console.log(`after ${minute.toFixed(2)} minutes one took ${lag.toFixed(0)} ms`);
  }
  for (const { minute, late: addresses } of looks) {
    if (addresses.length > 0)
      console.log(
        `after ${minute.toFixed(2)} minutes ${addresses.length} were wrong: ${addresses.slice(0, 3).join(', ')}`,
      );
  }
  for (const line of [...settled.difference.slice(0, 12), ...problems.slice(-5)]) console.log(line);
}

function mb(megabytes: number | undefined): string {
  return megabytes?.toFixed(0) ?? '';
}

function halves(
  samples: readonly Memory[],
  minutes: number,
): readonly [readonly Memory[], readonly Memory[]] {
  const isLate = ({ minute }: Memory): boolean => minute > minutes / 2;
  return [samples.filter((sample) => !isLate(sample)), samples.filter(isLate)];
}

function mostOf(samples: readonly Memory[]): number {
  return samples.reduce((most, { megabytes }) => Math.max(most, megabytes), 0);
}

/** By least squares. */
function slopeOf(samples: readonly Memory[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(samples.map(({ minute }) => minute));
  const y = mean(samples.map(({ megabytes }) => megabytes));
  let above = 0;
  let below = 0;
  for (const { minute, megabytes } of samples) {
    above += (minute - x) * (megabytes - y);
    below += (minute - x) ** 2;
  }
  return above / below;
}

async function run(
  file: string,
  ...args: readonly string[]
): Promise<{ code: number | null; printed: string }> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: 20_000 });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [printed, code] = await Promise.all([textOf(child.stdout), ended]);
  return { code, printed };
}
