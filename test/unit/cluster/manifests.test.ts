import { describe, expect, it } from 'vitest';
import { readManifests } from '../../../src/cluster/manifests.ts';

const read = (...texts: readonly string[]) =>
  readManifests(texts.map((text, index) => ({ name: `${index + 1}.yaml`, text })));

const NODE_PORT = `
apiVersion: v1
kind: Service
metadata:
  name: webapp1-nodeport-svc
spec:
  type: NodePort
  ports:
    - port: 80
      nodePort: 30080
`;

describe('manifests written by hand', () => {
  it('may leave the cluster IP to the API server, with a warning', () => {
    const { cluster, warnings } = read(NODE_PORT);
    expect(cluster.services[0]).toMatchObject({ namespace: 'default', clusterIPs: [], families: ['ipv4'] });
    expect(warnings).toEqual([
      '1.yaml: Service default/webapp1-nodeport-svc: spec.clusterIP is left to the API server: the rules of the cluster IP are left out',
    ]);
  });

  it('may leave the node port to the API server, with a warning', () => {
    const { warnings } = read(NODE_PORT.replace('      nodePort: 30080\n', ''));
    expect(warnings).toContain(
      '1.yaml: Service default/webapp1-nodeport-svc: nodePort of port 80 is left to the API server: the rules of that node port are left out',
    );
  });

  it('are told of a field that is nearly one, and of no other', () => {
    const misspelt = NODE_PORT.replace('  ports:', '  externalTrafficPolcy: Local\n  someday: 1\n  ports:');
    expect(read(misspelt.replace('nodePort', 'nodeport')).warnings).toEqual(
      expect.arrayContaining([
        '1.yaml: Service default/webapp1-nodeport-svc: spec.externalTrafficPolcy: unknown field, passed over (did you mean externalTrafficPolicy?)',
        '1.yaml: Service default/webapp1-nodeport-svc: spec.ports[0].nodeport: unknown field, passed over (did you mean nodePort?)',
      ]),
    );
    expect(read(misspelt).warnings.join()).not.toContain('someday');
  });

  it('are told of node ports that an API server would not take', () => {
    const of = (port: number) => read(NODE_PORT.replace('30080', String(port))).warnings.join();
    const said = 'an API server takes no node ports but 30000 to 32767';
    expect(of(22)).toContain(
      `${said} (unless its --service-node-port-range says so), got 22/tcp of default/web`,
    );
    expect(of(32_768)).toContain(said);
    expect(of(30_000) + of(32_767)).not.toContain(said);
  });

  it('get the defaults that the API server fills in', () => {
    const { cluster } = read(
      'apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {clusterIP: "fd00::1", sessionAffinity: ClientIP, ports: [{port: 53, protocol: UDP}]}',
      'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: a-1, labels: {kubernetes.io/service-name: a}}\naddressType: IPv6\nendpoints: [{addresses: ["FD00:0::2"]}]\nports: [{port: 53}]',
    );
    expect(cluster.services[0]).toMatchObject({
      type: 'ClusterIP',
      families: ['ipv6'],
      affinitySeconds: 10_800,
      externalTrafficPolicy: 'Cluster',
      internalTrafficPolicy: 'Cluster',
      ports: [{ name: '', protocol: 'udp', port: 53, nodePort: undefined }],
    });
    expect(cluster.slices[0]).toMatchObject({
      ports: [{ name: '', protocol: 'tcp', port: 53 }],
      endpoints: [{ address: 'fd00::2', ready: true, serving: true, terminating: false }],
    });
  });
});

describe('the manifest reader', () => {
  it('opens lists of all kinds, and lists in lists', () => {
    const item = (name: string) => ({
      metadata: { name },
      spec: { clusterIP: '10.0.0.1', ports: [{ port: 1 }] },
    });
    const kind = { apiVersion: 'v1', kind: 'Service' };
    const { cluster } = read(
      JSON.stringify({ apiVersion: 'v1', kind: 'ServiceList', items: [item('a'), item('b')] }),
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [
          { ...kind, ...item('c') },
          { apiVersion: 'v1', kind: 'List', items: [{ ...kind, ...item('d') }] },
        ],
      }),
    );
    expect(cluster.services.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
  });

  it.each([
    ['one after the other, as `jq .` prints them', 2],
    ['in lines, as `jq -c .` prints them', 0],
  ])('reads JSON objects %s', (_, indent) => {
    const node = (name: string) => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { a: 'b' } },
    });
    const text = ['a', 'b'].map((name) => JSON.stringify(node(name), null, indent)).join('\n');
    expect(read(`${text}\n`).cluster.nodes.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('skips unknown kinds, with one warning for each', () => {
    const deployment = '{apiVersion: apps/v1, kind: Deployment, metadata: {name: NAME}}';
    const { warnings } = read(
      [
        deployment.replace('NAME', 'a'),
        deployment.replace('NAME', 'b'),
        '{apiVersion: v1, kind: Secret, metadata: {name: a}}',
      ].join('\n---\n'),
    );
    expect(warnings).toEqual([
      'apps/v1 Deployment: 2 objects skipped, no rules come of it',
      'v1 Secret: one object skipped, no rules come of it',
    ]);
  });

  it('tells of node ports that several Services claim', () => {
    const claiming = (name: string, nodePort: number, protocol = 'TCP') =>
      `{apiVersion: v1, kind: Service, metadata: {name: ${name}}, spec: {type: NodePort, clusterIP: 10.96.0.${name.length}, ports: [{port: 80, nodePort: ${nodePort}, protocol: ${protocol}}]}}`;
    const { warnings } = read(
      claiming('a', 30_080),
      claiming('bb', 30_080),
      claiming('ccc', 30_080, 'UDP'),
      claiming('dddd', 30_081),
    );
    expect(warnings).toEqual([
      'node port 30080/tcp is claimed by default/a and default/bb: the rule that comes first wins, and which that is nobody promises (an API server takes the first Service only)',
    ]);
  });

  it('passes over empty documents and comments', () => {
    expect(read('---\n# nothing\n---\n', '').cluster).toEqual({ services: [], slices: [], nodes: [] });
  });

  it('leaves out slices of no service, of headless services and of host names', () => {
    const slice = (labels: string, type: string) =>
      `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a${type.toLowerCase()}${labels.length}, labels: {${labels}}}, addressType: ${type}}`;
    const { cluster } = read(
      slice('', 'IPv4'),
      slice('kubernetes.io/service-name: a, service.kubernetes.io/headless: ""', 'IPv4'),
      slice('kubernetes.io/service-name: a', 'FQDN'),
    );
    expect(cluster.slices).toEqual([]);
  });

  it('is told by a node that it is about to go', () => {
    const node = (fields: string) => `{apiVersion: v1, kind: Node, ${fields}}`;
    const { cluster } = read(
      node('metadata: {name: a}'),
      node('metadata: {name: b, deletionTimestamp: "2026-01-01T00:00:00Z"}'),
      node(
        'metadata: {name: c}, spec: {taints: [{key: ToBeDeletedByClusterAutoscaler, effect: NoSchedule}]}',
      ),
    );
    expect(cluster.nodes.map(({ leaving }) => leaving)).toEqual([false, true, true]);
  });
});
