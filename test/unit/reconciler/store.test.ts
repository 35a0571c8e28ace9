import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/cluster/source.ts';
import type { EndpointSlice, Service } from '../../../src/model/objects.ts';
import { fromBigInt } from '../../../src/net/address.ts';
import { clusterStore, type ClusterStore } from '../../../src/reconciler/store.ts';
import { plainService, plainSlice, readyEndpoint } from '../../support/plain-objects.ts';

const HTTP = { name: 'http', protocol: 'tcp', port: 80, nodePort: undefined } as const;
const HTTPS = { ...HTTP, name: 'https', port: 443 };

const service = (fields: Partial<Service> = {}): Change => ({
  kind: 'service',
  key: 'default/shop',
  object: plainService({ name: 'shop', ports: [HTTP, HTTPS], ...fields }),
});

const slice = (name: string, size: number, fields: Partial<EndpointSlice> = {}): Change => ({
  kind: 'slice',
  key: `default/${name}`,
  object: plainSlice({
    name,
    serviceName: 'shop',
    ports: [HTTP, HTTPS],
    endpoints: Array.from({ length: size }, (_, index) =>
      readyEndpoint({ address: fromBigInt('ipv4', 0x0af4_0001n + BigInt(index)), nodeName: undefined }),
    ),
    ...fields,
  }),
});

const without = ({ kind, key }: Change): Change => ({ kind, key, object: undefined });

describe('the lengths of the classic lists', () => {
  const after = (store: ClusterStore, ...changes: readonly Change[]) => {
    store.take(changes);
    return store.listLengths();
  };

  it('follow the slices of the service that has most endpoints', () => {
    const store = clusterStore('node-a');
    expect(after(store, service())).toEqual({ servicePorts: 2, mostEndpoints: 0 });
    const [first, second] = [slice('shop-a', 200), slice('shop-b', 250)];
    expect(after(store, first, second)).toEqual({ servicePorts: 2, mostEndpoints: 450 });
    expect(after(store, slice('shop-b', 50))).toEqual({ servicePorts: 2, mostEndpoints: 250 });
    expect(after(store, without(first))).toEqual({ servicePorts: 2, mostEndpoints: 0 });
  });

  it('count what one port has in one family', () => {
    const store = clusterStore('node-a');
    const byPort = [slice('shop-a', 200, { ports: [HTTP] }), slice('shop-b', 200, { ports: [HTTPS] })];
    expect(after(store, service(), ...byPort).mostEndpoints).toBe(200);
    expect(after(store, slice('shop-six', 150, { family: 'ipv6' })).mostEndpoints).toBe(200);
  });

  it('know nothing of services that the proxy does not serve', () => {
    const store = clusterStore('node-a');
    const none = { servicePorts: 0, mostEndpoints: 0 };
    expect(after(store, slice('shop-a', 1_000))).toEqual(none);
    expect(after(store, service({ headless: true }))).toEqual(none);
    expect(after(store, service())).toEqual({ servicePorts: 2, mostEndpoints: 1_000 });
    expect(after(store, service({ servedByOther: true }))).toEqual(none);
    expect(after(store, without(service()))).toEqual(none);
  });
});
