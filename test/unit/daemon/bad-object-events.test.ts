import { expect, it } from 'vitest';
import { badObjects } from '../../../src/cluster/api/bad-objects.ts';
import { intake } from '../../../src/cluster/api/intake.ts';
import { interner } from '../../../src/cluster/api/intern.ts';
import { knownObjects } from '../../../src/cluster/api/known.ts';
import type { NodeEvent } from '../../../src/cluster/api/node-event.ts';
import { ENDPOINT_SLICES, SERVICES, type Resource } from '../../../src/cluster/api/resource.ts';
import { badObjectEvents } from '../../../src/daemon/api-source.ts';

/** What is posted of objects as they come over the wire. */
function posted<Model>(resource: Resource<Model>, objects: readonly unknown[]): readonly NodeEvent[] {
  const events: NodeEvent[] = [];
  const tell = badObjectEvents((event) => void events.push(event));
  const { take } = intake({
    resource,
    known: knownObjects(resource),
    badObjects: badObjects({ warn: () => undefined }),
    intern: interner(),
    onBadObject: (key, problems) => tell(resource.name, key, problems),
  });
  objects.forEach(take);
  return events;
}

const service = (name: string, port: number) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'web', resourceVersion: '1' },
  spec: { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'], ports: [{ port, protocol: 'TCP' }] },
});

it('a Service that cannot be read is told there, once for each fault', () => {
  const events = posted(SERVICES, [
    service('shop', 70_000),
    service('shop', 70_000),
    service('shop', 80_000),
    service('cart', 80),
  ]);
  expect(events).toHaveLength(2);
  expect(events[0]).toEqual({
    type: 'Warning',
    reason: 'InvalidObject',
    action: 'ReadObject',
    note: expect.stringContaining('Service web/shop: spec.ports[0].port') as string,
    service: { namespace: 'web', name: 'shop' },
  });
});

it('what has a name that no path may hold, and what is no Service, is told at the Node', () => {
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'shop-1', namespace: 'web', labels: { 'kubernetes.io/service-name': 'shop' } },
    addressType: 'Carrier pigeon',
    endpoints: [],
  };
  const events = [...posted(SERVICES, [service('../../secrets', 80)]), ...posted(ENDPOINT_SLICES, [slice])];
  expect(events.map(({ reason, service }) => [reason, service])).toEqual([
    ['InvalidObject', undefined],
    ['InvalidObject', undefined],
  ]);
});
