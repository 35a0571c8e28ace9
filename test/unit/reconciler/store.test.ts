import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/cluster/source.ts';
import type { Node } from '../../../src/model/objects.ts';
import type { Address } from '../../../src/net/address.ts';
import { clusterStore } from '../../../src/reconciler/store.ts';
import { plainService, plainSlice, readyEndpoint } from '../../support/plain-objects.ts';

const PORT = { name: '', protocol: 'tcp', port: 80, nodePort: undefined } as const;

function service(name: string, ports: number): Change {
  const object = plainService({ name, ports: Array.from({ length: ports }, () => PORT) });
  return { kind: 'service', key: `default/${name}`, object };
}

function slice(key: string, serviceName: string, endpoints = 0): Change {
  const object = plainSlice({
    name: key,
    serviceName,
    ports: [PORT],
    endpoints: Array.from({ length: endpoints }, (_, index) =>
      readyEndpoint({ address: `10.244.0.${index}` as Address, nodeName: 'node-a' }),
    ),
  });
  return { kind: 'slice', key, object };
}

const namesOf = (slices: readonly { readonly name: string }[]) => slices.map(({ name }) => name);

describe('what the cluster said', () => {
  it('counts the ports of the services that there are', () => {
    const store = clusterStore('node-a');
    store.take([service('shop', 3), service('cart', 2)]);
    expect(store.listLengths().servicePorts).toBe(5);
    store.take([service('shop', 1)]);
    expect(store.listLengths().servicePorts).toBe(3);
    store.take([{ kind: 'service', key: 'default/shop', object: undefined }]);
    expect(store.listLengths().servicePorts).toBe(2);
    store.take([{ kind: 'service', key: 'default/shop', object: undefined }]);
    expect(store.listLengths().servicePorts).toBe(2);
  });

  it('knows how many endpoints the largest service has, where they are many', () => {
    const store = clusterStore('node-a');
    store.take([service('shop', 1), slice('a', 'shop', 80), service('cart', 1), slice('c', 'cart', 99)]);
    expect(store.listLengths().mostEndpoints).toBe(0);
    store.take([slice('b', 'shop', 70)]);
    expect(store.listLengths().mostEndpoints).toBe(150);
    store.take([slice('c', 'cart', 200)]);
    expect(store.listLengths().mostEndpoints).toBe(200);
    store.take([{ kind: 'service', key: 'default/cart', object: undefined }]);
    expect(store.listLengths().mostEndpoints).toBe(150);
    store.take([slice('a', 'shop', 1)]);
    expect(store.listLengths().mostEndpoints).toBe(0);
  });

  it('holds the one node that it is for, even when that is gone', () => {
    const store = clusterStore('node-a');
    const node = { name: 'node-a' } as Node;
    expect(store.take([{ kind: 'node', key: 'node-a', object: node }]).node).toBe(true);
    const other = { name: 'node-b' } as Node;
    expect(store.take([{ kind: 'node', key: 'node-b', object: other }]).node).toBe(false);
    expect(store.node()).toBe(node);
    expect(store.take([{ kind: 'node', key: 'node-a', object: undefined }]).node).toBe(true);
    // Gone by mistake, it is remembered: as long as it is not there, nothing else is known.
    expect(store.node()).toBe(node);
  });

  it('has a slice with the service that it names last, and touches both when that changes', () => {
    const store = clusterStore('node-a');
    expect(store.take([slice('a', 'shop'), slice('b', 'shop')]).services).toEqual(new Set(['default/shop']));
    expect(namesOf(store.slicesOf('default/shop'))).toEqual(['a', 'b']);
    const moved = store.take([slice('a', 'cart')]);
    expect(moved.services).toEqual(new Set(['default/shop', 'default/cart']));
    expect(namesOf(store.slicesOf('default/shop'))).toEqual(['b']);
    expect(namesOf(store.slicesOf('default/cart'))).toEqual(['a']);
    expect(store.take([{ kind: 'slice', key: 'b', object: undefined }]).services).toEqual(
      new Set(['default/shop']),
    );
    expect(store.slicesOf('default/shop')).toEqual([]);
    expect(store.take([{ kind: 'slice', key: 'b', object: undefined }]).services).toEqual(new Set());
  });
});
