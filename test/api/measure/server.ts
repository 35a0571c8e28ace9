/* A large cluster behind TLS: node server.ts SERVICES ENDPOINTS. Prints its URL and authority as JSON. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeAuthority, makeCertificate } from '../certificates.ts';
import { bookmarkOf, KINDS, typed, type ApiObject, type Plural } from '../fake-store.ts';
import { node, service, slice } from '../objects.ts';

const [services = 10_000, endpoints = 10] = process.argv.slice(2).map(Number);
const VERSION = 1_000_000;

/** About what a deployment's controllers leave in an object. */
const managedFields = [
  {
    manager: 'kubectl-client-side-apply',
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-11-21T04:10:48Z',
    fieldsType: 'FieldsV1',
    fieldsV1: {
      'f:metadata': {
        'f:annotations': { '.': {}, 'f:kubectl.kubernetes.io/last-applied-configuration': {} },
      },
      'f:spec': {
        'f:internalTrafficPolicy': {},
        'f:ports': { '.': {}, 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {} } },
        'f:selector': {},
        'f:sessionAffinity': {},
        'f:type': {},
      },
    },
  },
];
const annotations = {
  'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(service('example')),
};

const objects: Readonly<Record<Plural, readonly string[]>> = {
  services: range(services).map((index) => {
    const raw = service(`service-${index}`, {
      clusterIP: address(0x0a60_0000 + index),
      clusterIPs: [address(0x0a60_0000 + index)],
    });
    return print('services', raw, { annotations, managedFields });
  }),
  endpointslices: range(services).map((index) => {
    const raw = slice(`service-${index}`, []);
    const listed = range(endpoints).map((position) => ({
      addresses: [address(0x0a80_0000 + index * endpoints + position)],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `ip-10-0-${(index + position) % 250}-17.eu-west-1.compute.internal`,
      targetRef: {
        kind: 'Pod',
        namespace: 'shop',
        name: `service-${index}-7d4b9c6f5d-${position}abcd`,
        uid: '0b1f8a52-6f5c-4c0e-9a4c-5d8a8e0b8a11',
      },
      zone: `eu-west-1${'abc'[position % 3] ?? 'a'}`,
      hints: { forZones: [{ name: `eu-west-1${'abc'[position % 3] ?? 'a'}` }] },
    }));
    return print('endpointslices', { ...raw, endpoints: listed }, { managedFields });
  }),
  nodes: [print('nodes', node('node-a'), {})],
};

const authority = makeAuthority('measuring authority');
const identity = makeCertificate(authority, { commonName: 'server', hosts: ['127.0.0.1'] });
const server = createServer(identity, (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://server');
  const plural =
    (Object.keys(KINDS) as Plural[]).find((candidate) => KINDS[candidate].path === pathname) ?? 'nodes';
  response.writeHead(200, { 'Content-Type': 'application/json' });
  if (searchParams.get('watch') === null) {
    response.end(list(plural));
    return;
  }
  if (process.env.WATCH_LIST !== '0' && searchParams.get('sendInitialEvents') === 'true') {
    response.write(events(plural));
  } else if (searchParams.get('sendInitialEvents') === 'true') {
    response.end('not offered\n');
  }
});

function list(plural: Plural): string {
  const { kind, apiVersion } = KINDS[plural];
  const head = JSON.stringify({
    kind: `${kind}List`,
    apiVersion,
    metadata: { resourceVersion: String(VERSION) },
  });
  const prefix = JSON.stringify({ kind, apiVersion }).length;
  return `${head.slice(0, -1)},"items":[${objects[plural].map((text) => `{${text.slice(prefix)}`).join()}]}\n`;
}

function events(plural: Plural): string {
  const lines = objects[plural].map((text) => `{"type":"ADDED","object":${text}}\n`);
  return `${lines.join('')}${JSON.stringify(bookmarkOf(plural, VERSION, true))}\n`;
}

server.listen(0, '127.0.0.1', () => {
  const bytes = Object.values(objects)
    .flat()
    .reduce((sum, text) => sum + text.length, 0);
  const { port } = server.address() as AddressInfo;
  process.stdout.write(
    `${JSON.stringify({ url: `https://127.0.0.1:${port}`, ca: authority.cert, bytes })}\n`,
  );
});

function print(plural: Plural, object: ApiObject, more: object): string {
  const metadata = { ...object.metadata, resourceVersion: String(VERSION), ...more };
  return JSON.stringify(typed(plural, { ...object, metadata }));
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function address(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}
