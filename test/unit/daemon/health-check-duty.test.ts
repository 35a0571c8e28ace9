import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import type { NodeEvent } from '../../../src/cluster/api/node-event.ts';
import { readManifests } from '../../../src/cluster/manifests.ts';
import { readConfig } from '../../../src/config/load.ts';
import { healthCheckDuty } from '../../../src/daemon/health-check-duty.ts';
import { makeLogger } from '../../../src/daemon/logger.ts';
import { createMetrics } from '../../../src/metrics/metrics.ts';
import type { Address } from '../../../src/net/address.ts';
import { clusterStore } from '../../../src/reconciler/store.ts';
import { nodeView } from '../../../src/routing/node-view.ts';

it('a health-check port that is taken is an Event of the Service, by the reason that kube-proxy gives', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  const manifest = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.10',
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: port,
      ports: [{ port: 80, nodePort: 30_080 }],
    },
  };
  const { cluster } = readManifests([{ name: 'web.json', text: JSON.stringify(manifest) }]);
  const store = clusterStore('node-a');
  store.take(cluster.services.map((object) => ({ kind: 'service', key: 'shop/web', object })));
  const { settings } = readConfig({ flags: { 'nodeport-addresses': ['127.0.0.0/8'] } });
  const host = { interfaceAddresses: ['127.0.0.1' as Address], conntrackLiberal: false };
  const view = nodeView('ipv4', settings, { name: 'node-a', node: undefined }, host);
  const events: NodeEvent[] = [];
  const duty = healthCheckDuty({
    family: 'ipv4',
    store,
    view: () => view,
    proxyHealthy: () => true,
    log: makeLogger({ ...settings.logging, verbosity: 0 }).child({}, { level: 'silent' }),
    metrics: createMetrics('test').metrics,
    postEvent: (event) => void events.push(event),
  });
  await duty.sync();
  await duty.sync();
  await duty.close();
  holder.close();
  expect(events).toEqual([
    {
      type: 'Warning',
      reason: 'FailedToStartServiceHealthcheck',
      action: 'Listen',
      note: expect.stringMatching(/^node node-a cannot serve .* shop\/web: .*in use/) as string,
      service: { namespace: 'shop', name: 'web' },
    },
  ]);
});
