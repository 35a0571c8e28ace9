import type { ApiObject } from './fake-store.ts';

/* Objects as an API server returns them, with the fields that make a service proxy do something. */

export function service(name: string, fields: Readonly<Record<string, unknown>> = {}): ApiObject {
  return {
    metadata: { name, namespace: 'shop', uid: `uid-of-${name}`, labels: { app: name } },
    spec: {
      ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }],
      selector: { app: name },
      clusterIP: addressFor(name),
      clusterIPs: [addressFor(name)],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      ...fields,
    },
    status: { loadBalancer: {} },
  };
}

export function labelled(object: ApiObject, labels: Readonly<Record<string, string>>): ApiObject {
  return { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...labels } } };
}

export function slice(serviceName: string, addresses: readonly string[]): ApiObject {
  return {
    metadata: {
      name: `${serviceName}-abcde`,
      namespace: 'shop',
      uid: `uid-of-${serviceName}-abcde`,
      labels: { 'kubernetes.io/service-name': serviceName },
    },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({
      addresses: [address],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: 'node-a',
    })),
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  };
}

export function node(name: string, zone = 'zone-1'): ApiObject {
  return {
    metadata: { name, uid: `uid-of-${name}`, labels: { 'topology.kubernetes.io/zone': zone } },
    spec: { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] },
    status: { addresses: [{ type: 'InternalIP', address: '192.168.77.10' }] },
  };
}

function addressFor(name: string): string {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 64_000;
  return `10.96.${Math.floor(sum / 250)}.${(sum % 250) + 1}`;
}
