import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { conntrackDuty, type ConntrackDuty } from '../../../src/daemon/conntrack-duty.ts';
import { createMetrics } from '../../../src/metrics/metrics.ts';
import type { Address } from '../../../src/net/address.ts';
import type { SyncReport } from '../../../src/reconciler/observer.ts';
import { clusterStore } from '../../../src/reconciler/store.ts';
import type { Endpoint, Route } from '../../../src/routing/route.ts';
import { plainService, plainSlice, readyEndpoint } from '../../support/plain-objects.ts';
import { choice, plainEndpoint, plainRoute } from '../../support/plain-routes.ts';
import { scriptedTools, type ScriptedTools } from '../../support/scripted-tools.ts';
import { syncReport } from '../../support/sync-reports.ts';

const CLUSTER_IP = '10.96.0.10' as Address;
const OLD = '10.244.0.5' as Address;
const NEW = '10.244.0.6' as Address;

function dns(endpoints: readonly Endpoint[], fields: Partial<Route> = {}): Route {
  return plainRoute({
    service: 'dns',
    protocol: 'udp',
    clusterIP: CLUSTER_IP,
    port: 53,
    endpoints: choice(endpoints),
    ...fields,
  });
}

const BEFORE = dns([plainEndpoint(OLD, 53)]);
const AFTER = dns([plainEndpoint(NEW, 53)]);

function report(fields: Partial<SyncReport>): SyncReport {
  return syncReport({ before: [BEFORE], after: [AFTER], ...fields });
}

interface Staged extends ScriptedTools {
  readonly duty: ConntrackDuty;
  /** The commands that the tool was given. */
  readonly calls: () => readonly string[];
}

/** The duty of a node that has these routes, and whose one client sends to the endpoint that is gone. */
function staged(routes: readonly [Route, ...Route[]], body = ''): Staged {
  const [{ protocol }] = routes;
  const entry = `ipv4 2 ${protocol} 17 29 ESTABLISHED src=10.0.0.1 dst=${CLUSTER_IP} sport=9 dport=53 src=${OLD} dst=10.0.0.1 sport=53 dport=9 [ASSURED] mark=0 use=1`;
  const tools = scriptedTools(
    `echo "$*" >> $at/calls\n${body}\ncase "$1" in -L) echo '${entry}' ;; -D) echo deleted ;; esac`,
    'conntrack',
  );
  const { PATH } = process.env;
  process.env.PATH = `${tools.directory}:${PATH ?? ''}`;
  onTestFinished(() => void (process.env.PATH = PATH));
  const store = clusterStore('node-a');
  const object = plainService({
    name: 'dns',
    clusterIPs: [CLUSTER_IP],
    ports: [{ name: '', protocol: 'udp', port: 53, nodePort: undefined }],
  });
  const slice = plainSlice({
    serviceName: 'dns',
    ports: [{ name: '', protocol: 'udp', port: 53 }],
    endpoints: [readyEndpoint({ address: NEW, nodeName: 'node-b' })],
  });
  store.take([
    { kind: 'service', key: 'default/dns', object },
    { kind: 'slice', key: 'default/dns-a', object: slice },
  ]);
  const duty = conntrackDuty({
    store,
    nodeName: 'node-a',
    resetGoneEndpoints: false,
    routes: () => routes,
    log: pino({ level: 'silent' }),
    metrics: createMetrics('test').metrics,
  });
  const calls = (): readonly string[] =>
    readFileSync(join(tools.directory, 'calls'), 'utf8').trim().split('\n');
  return { ...tools, duty, calls };
}

it('also looks after a comparison with the kernel that brought changes along', async () => {
  const { duty, calls } = staged([AFTER]);
  duty.note(report({ kind: 'full', reason: 'check', services: undefined, changed: 1 }));
  await duty.clean('ipv4');
  expect(calls().filter((call) => call.startsWith('-D'))).toHaveLength(1);
});

it('looks once for all syncs that come while it looks', async () => {
  const { duty, calls, raise, raised } = staged(
    [AFTER],
    'touch $at/looking; until [ -e $at/go ]; do sleep 0.01; done',
  );
  duty.note(report({}));
  const first = duty.clean('ipv4');
  await raised('looking');
  let others = first;
  for (let sync = 0; sync < 20; sync += 1) {
    duty.note(report({}));
    others = others.then(() => duty.clean('ipv4'));
  }
  raise('go');
  await others;
  expect(calls().filter((call) => call.startsWith('-L'))).toHaveLength(2);
});

it('does not forget a policy that became stricter where the tool failed at first', async () => {
  const open = { ...BEFORE, protocol: 'tcp' } as const;
  const local = { ...open, internalPolicy: 'Local' } as const;
  const { duty, calls, raise } = staged([local], '[ -e $at/well ] || exit 1');
  duty.note(report({ before: [open], after: [local] }));
  await duty.clean('ipv4');
  raise('well');
  duty.note(report({}));
  await duty.clean('ipv4');
  expect(calls().filter((call) => call.startsWith('-D'))).toHaveLength(1);
});
