import { describe, expect, it } from 'vitest';
import { readManifests } from '../../../src/cluster/manifests.ts';
import { InputError } from '../../../src/problems/problem.ts';
import { BEYOND_REASON } from '../../../src/problems/within-reason.ts';

/** A manifest's text and the exact lines that a user is told. */
type Malformed = readonly [title: string, text: string, ...lines: readonly string[]];

const service = (spec: string, metadata = '{name: shop, namespace: web}') =>
  `{apiVersion: v1, kind: Service, metadata: ${metadata}, spec: ${spec}}`;
const port = (fields: string) => service(`{clusterIP: 10.96.0.5, ports: [${fields}]}`);
const spec = (fields: string) => service(`{ports: [{port: 80}], clusterIP: 10.96.0.5, ${fields}}`);
const slice = (
  fields: string,
  metadata = '{name: shop-a, namespace: web, labels: {kubernetes.io/service-name: shop}}',
) => `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: ${metadata}, ${fields}}`;
const endpoint = (fields: string) => slice(`addressType: IPv4, endpoints: [${fields}]`);
const node = (fields: string) => `{apiVersion: v1, kind: Node, metadata: {name: node-a}, ${fields}}`;

const CASES: readonly Malformed[] = [
  ['an unclosed bracket', '{apiVersion: v1', 'web.yaml, line 1, column 16: Flow map must end with a }'],
  [
    'a tab as indentation',
    'kind: Service\n\tspec: 1',
    'web.yaml, line 2, column 1: Tabs are not allowed as indentation',
  ],
  ['a key given twice', 'kind: Service\nkind: Node', 'web.yaml, line 2, column 1: Map keys must be unique'],
  ['a bare text', 'hello', 'web.yaml: expected an object with a kind, got "hello"'],
  ['a list at the top', '[1, 2]', 'web.yaml: expected an object with a kind, got a list'],
  ['a missing kind', 'apiVersion: v1', 'web.yaml: kind: expected the kind of an object, got nothing'],
  [
    'a kind that is no text',
    '{apiVersion: v1, kind: [Service]}',
    'web.yaml: kind: expected the kind of an object, got a list',
  ],
  [
    'a missing version',
    'kind: Service',
    'web.yaml: Service: apiVersion: expected the version of an API, such as v1, got nothing',
  ],
  ['a list without items', '{apiVersion: v1, kind: List}', 'web.yaml: List: items: expected a list'],
  [
    'a number in a list of objects',
    '{apiVersion: v1, kind: List, items: [7]}',
    'web.yaml, item 1: expected an object with a kind, got 7',
  ],
  [
    'an alias that leads nowhere',
    '{apiVersion: v1, kind: *nobody}',
    'web.yaml: Unresolved alias (the anchor must be set before the alias): nobody',
  ],
  [
    'a service without metadata',
    '{apiVersion: v1, kind: Service, spec: {}}',
    'web.yaml: Service: metadata: expected an object, got nothing',
  ],
  [
    'a service without a spec',
    '{apiVersion: v1, kind: Service, metadata: {name: shop}}',
    'web.yaml: Service default/shop: spec: expected an object, got nothing',
  ],
  [
    'a service without a name',
    service('{ports: [{port: 80}]}', '{namespace: web}'),
    'web.yaml: Service: metadata.name: expected a name of at most 63 lower-case letters, digits and dashes, got nothing',
  ],
  [
    'a name in capitals',
    service('{ports: [{port: 80}]}', '{name: Shop}'),
    'web.yaml: Service default/Shop: metadata.name: expected a name of at most 63 lower-case letters, digits and dashes, got "Shop"',
  ],
  [
    'a name with a quote and a newline',
    service('{ports: [{port: 80}]}', JSON.stringify({ name: 'a"\nCOMMIT' })),
    'web.yaml: Service default/"a\\"\\nCOMMIT": metadata.name: expected a name of at most 63 lower-case letters, digits and dashes, got "a\\"\\nCOMMIT"',
  ],
  [
    'a name of 300 characters',
    service('{ports: [{port: 80}]}', `{name: ${'a'.repeat(300)}}`),
    'web.yaml: Service default/"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…: metadata.name: expected a name of at most 63 lower-case letters, digits and dashes, got "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…',
  ],
  [
    'a namespace that is no name',
    service('{ports: [{port: 80}]}', '{name: shop, namespace: web/two}'),
    'web.yaml: Service "web/two"/shop: metadata.namespace: expected a name of at most 63 lower-case letters, digits and dashes, got "web/two"',
  ],
  [
    'a label that is no text',
    service('{ports: [{port: 80}]}', '{name: shop, labels: {tier: 1}}'),
    'web.yaml: Service default/shop: metadata.labels.tier: expected a text, got 1',
  ],
  [
    'a policy spelled in lower case',
    spec('type: NodePort, externalTrafficPolicy: local'),
    'web.yaml: Service web/shop: spec.externalTrafficPolicy: expected Cluster or Local (did you mean Local?), got "local"',
  ],
  [
    'another policy spelled in lower case',
    spec('externalTrafficPolicy: cluster'),
    'web.yaml: Service web/shop: spec.externalTrafficPolicy: expected Cluster or Local (did you mean Cluster?), got "cluster"',
  ],
  [
    'a policy nobody knows',
    spec('internalTrafficPolicy: Nearby'),
    'web.yaml: Service web/shop: spec.internalTrafficPolicy: expected Cluster or Local, got "Nearby"',
  ],
  [
    'an internal policy in lower case',
    spec('internalTrafficPolicy: local'),
    'web.yaml: Service web/shop: spec.internalTrafficPolicy: expected Cluster or Local (did you mean Local?), got "local"',
  ],
  [
    'a type nobody knows',
    spec('type: Ingress'),
    'web.yaml: Service web/shop: spec.type: expected ClusterIP, NodePort, LoadBalancer or ExternalName, got "Ingress"',
  ],
  [
    'a type in lower case',
    spec('type: nodeport'),
    'web.yaml: Service web/shop: spec.type: expected ClusterIP, NodePort, LoadBalancer or ExternalName (did you mean NodePort?), got "nodeport"',
  ],
  [
    'a cluster IP that is none',
    spec('externalIPs: []').replace('10.96.0.5', '10.96.0.256'),
    'web.yaml: Service web/shop: spec.clusterIP: expected an IP address, got "10.96.0.256"',
  ],
  [
    'a cluster IP with a zone',
    spec('clusterIPs: ["fe80::1%eth0"]'),
    'web.yaml: Service web/shop: spec.clusterIPs[0]: expected an IP address, got "fe80::1%eth0"',
  ],
  [
    'two cluster IPs of one family',
    spec('clusterIPs: [10.96.0.5, 10.96.0.6]'),
    'web.yaml: Service web/shop: spec.clusterIPs: expected one IPv4 and one IPv6 address, got "10.96.0.5" and "10.96.0.6"',
  ],
  [
    'three cluster IPs',
    spec('clusterIPs: [10.96.0.5, "fd00::5", "fd00::6"]'),
    'web.yaml: Service web/shop: spec.clusterIPs: expected at most two addresses',
  ],
  [
    'clusterIP and clusterIPs that differ',
    spec('clusterIPs: [10.96.0.9]'),
    'web.yaml: Service web/shop: spec.clusterIPs[0]: expected the same address as spec.clusterIP, 10.96.0.5, got "10.96.0.9"',
  ],
  [
    'a family that the cluster IP is not of',
    spec('ipFamilies: [IPv6]'),
    'web.yaml: Service web/shop: spec.ipFamilies[0]: expected the family of the cluster IP 10.96.0.5, got "IPv6"',
  ],
  [
    'a family nobody knows',
    spec('ipFamilies: [ipv4]'),
    'web.yaml: Service web/shop: spec.ipFamilies[0]: expected IPv4 or IPv6 (did you mean IPv4?), got "ipv4"',
  ],
  [
    'no ports',
    service('{clusterIP: 10.96.0.5, ports: []}'),
    'web.yaml: Service web/shop: spec.ports: expected at least one port, got []',
  ],
  [
    'a port that is a text',
    port('{port: http}'),
    'web.yaml: Service web/shop: spec.ports[0].port: expected a port from 1 to 65535, got "http"',
  ],
  [
    'a port that is a number in quotes',
    port('{port: "80"}'),
    'web.yaml: Service web/shop: spec.ports[0].port: expected a port from 1 to 65535, got "80"',
  ],
  [
    'a missing port',
    port('{name: http}'),
    'web.yaml: Service web/shop: spec.ports[0].port: expected a port from 1 to 65535, got nothing',
  ],
  [
    'a port out of range',
    port('{port: 65536}'),
    'web.yaml: Service web/shop: spec.ports[0].port: expected a port from 1 to 65535, got 65536',
  ],
  [
    'a port that is a fraction',
    port('{port: 80.5}'),
    'web.yaml: Service web/shop: spec.ports[0].port: expected a port from 1 to 65535, got 80.5',
  ],
  [
    'a node port out of range',
    service('{type: NodePort, clusterIP: 10.96.0.5, ports: [{port: 80, nodePort: -1}]}'),
    'web.yaml: Service web/shop: spec.ports[0].nodePort: expected a port from 0 to 65535, got -1',
  ],
  [
    'a node port of a service of type ClusterIP',
    port('{port: 80, nodePort: 30080}'),
    'web.yaml: Service web/shop: spec.ports[0].nodePort: expected none, since the type is ClusterIP, got 30080',
  ],
  [
    'a protocol in lower case',
    port('{port: 80, protocol: tcp}'),
    'web.yaml: Service web/shop: spec.ports[0].protocol: expected TCP, UDP or SCTP (did you mean TCP?), got "tcp"',
  ],
  [
    'a protocol nobody knows',
    port('{port: 80, protocol: ICMP}'),
    'web.yaml: Service web/shop: spec.ports[0].protocol: expected TCP, UDP or SCTP, got "ICMP"',
  ],
  [
    'a port name with a space',
    port('{name: "my port", port: 80}'),
    'web.yaml: Service web/shop: spec.ports[0].name: expected a port name of at most 63 lower-case letters, digits and dashes, got "my port"',
  ],
  [
    'a port name that would end a comment',
    port(JSON.stringify({ name: 'a" -j ACCEPT', port: 80 })),
    'web.yaml: Service web/shop: spec.ports[0].name: expected a port name of at most 63 lower-case letters, digits and dashes, got "a\\" -j ACCEPT"',
  ],
  [
    'two ports, one unnamed',
    port('{name: a, port: 80}, {port: 81}'),
    'web.yaml: Service web/shop: spec.ports[1].name: expected a name, since the service has several ports, got nothing',
  ],
  [
    'two ports of one name',
    port('{name: a, port: 80}, {name: a, port: 81}'),
    'web.yaml: Service web/shop: spec.ports[1].name: expected a name of its own, got "a", which spec.ports[0] has already',
  ],
  [
    'two ports of one number',
    port('{name: a, port: 80}, {name: b, port: 80}'),
    'web.yaml: Service web/shop: spec.ports[1].port: expected a port of its own, got 80/TCP, which spec.ports[0] has already',
  ],
  [
    'an external IP that is a name',
    spec('externalIPs: [example.org]'),
    'web.yaml: Service web/shop: spec.externalIPs[0]: expected an IP address, got "example.org"',
  ],
  [
    'a source range without a length',
    spec('loadBalancerSourceRanges: [10.0.0.0]'),
    'web.yaml: Service web/shop: spec.loadBalancerSourceRanges[0]: expected a network such as 10.0.0.0/8 or fd00::/64, got "10.0.0.0"',
  ],
  [
    'a source range with too long a length',
    spec('loadBalancerSourceRanges: [10.0.0.0/33]'),
    'web.yaml: Service web/shop: spec.loadBalancerSourceRanges[0]: expected a network such as 10.0.0.0/8 or fd00::/64, got "10.0.0.0/33"',
  ],
  [
    'an affinity nobody knows',
    spec('sessionAffinity: Cookie'),
    'web.yaml: Service web/shop: spec.sessionAffinity: expected None or ClientIP, got "Cookie"',
  ],
  [
    'an affinity of no time',
    spec('sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 0}}'),
    'web.yaml: Service web/shop: spec.sessionAffinityConfig.clientIP.timeoutSeconds: expected a number of seconds from 1 to 86400, got 0',
  ],
  [
    'an affinity of more than a day',
    spec('sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 86401}}'),
    'web.yaml: Service web/shop: spec.sessionAffinityConfig.clientIP.timeoutSeconds: expected a number of seconds from 1 to 86400, got 86401',
  ],
  [
    'a load-balancer address that is none',
    service('{ports: [{port: 80}]}').replace(/}$/, ', status: {loadBalancer: {ingress: [{ip: somewhere}]}}}'),
    'web.yaml: Service web/shop: status.loadBalancer.ingress[0].ip: expected an IP address, got "somewhere"',
  ],
  [
    'an ipMode in capitals',
    service('{ports: [{port: 80}]}').replace(
      /}$/,
      ', status: {loadBalancer: {ingress: [{ip: 192.0.2.1, ipMode: PROXY}]}}}',
    ),
    'web.yaml: Service web/shop: status.loadBalancer.ingress[0].ipMode: expected VIP or Proxy (did you mean Proxy?), got "PROXY"',
  ],
  [
    'a slice without a type of address',
    slice('endpoints: []'),
    'web.yaml: EndpointSlice web/shop-a: addressType: expected IPv4, IPv6 or FQDN, got nothing',
  ],
  [
    'a type of address in lower case',
    slice('addressType: ipv4'),
    'web.yaml: EndpointSlice web/shop-a: addressType: expected IPv4, IPv6 or FQDN (did you mean IPv4?), got "ipv4"',
  ],
  [
    'an endpoint without addresses',
    endpoint('{conditions: {ready: true}}'),
    'web.yaml: EndpointSlice web/shop-a: endpoints[0].addresses: expected a list, got nothing',
  ],
  [
    'an endpoint with an empty list of addresses',
    endpoint('{addresses: []}'),
    'web.yaml: EndpointSlice web/shop-a: endpoints[0].addresses: expected at least one address, got []',
  ],
  [
    'an endpoint whose address is none',
    endpoint('{addresses: [10.0.0]}'),
    'web.yaml: EndpointSlice web/shop-a: endpoints[0].addresses[0]: expected an IPv4 address, as addressType says, got "10.0.0"',
  ],
  [
    'an endpoint of the other family',
    endpoint('{addresses: ["fd00::1"]}'),
    'web.yaml: EndpointSlice web/shop-a: endpoints[0].addresses[0]: expected an IPv4 address, as addressType says, got "fd00::1"',
  ],
  [
    'a condition that is a text',
    endpoint('{addresses: [10.0.0.1], conditions: {ready: "yes"}}'),
    'web.yaml: EndpointSlice web/shop-a: endpoints[0].conditions.ready: expected true or false, got "yes"',
  ],
  [
    'a node name in capitals',
    endpoint('{addresses: [10.0.0.1], nodeName: NODE-A}'),
    'web.yaml: EndpointSlice web/shop-a: endpoints[0].nodeName: expected a name of at most 253 lower-case letters, digits, dashes and dots, got "NODE-A"',
  ],
  [
    'endpoints that are no list',
    slice('addressType: IPv4, endpoints: {addresses: [10.0.0.1]}'),
    'web.yaml: EndpointSlice web/shop-a: endpoints: expected a list, got an object',
  ],
  [
    "a slice's port out of range",
    slice('addressType: IPv4, ports: [{port: 99999}]'),
    'web.yaml: EndpointSlice web/shop-a: ports[0].port: expected a port from 0 to 65535, got 99999',
  ],
  [
    "a node's pod network that is none",
    node('spec: {podCIDRs: [10.244.0.0]}'),
    'web.yaml: Node node-a: spec.podCIDRs[0]: expected a network such as 10.0.0.0/8 or fd00::/64, got "10.244.0.0"',
  ],
  [
    "a node's addresses that are no list",
    node('status: {addresses: 192.0.2.1}'),
    'web.yaml: Node node-a: status.addresses: expected a list, got "192.0.2.1"',
  ],
];

describe('a malformed manifest is refused with file, object, field, value and what was expected', () => {
  for (const [title, text, ...lines] of CASES) {
    it(title, () => {
      const error: unknown = catchError(() => readManifests([{ name: 'web.yaml', text }]));
      if (!(error instanceof InputError)) throw new Error(`expected an InputError, got ${String(error)}`);
      expect(error.message.split('\n')).toEqual(lines);
    });
  }

  it('tells what is nested more deeply than it can follow', () => {
    const text = `{apiVersion: v1, kind: Service, spec: [${'a: '.repeat(5_000)}]}`;
    const error: unknown = catchError(() => readManifests([{ name: 'web.yaml', text }]));
    expect(error).toEqual(new InputError([{ where: 'web.yaml', path: '', message: BEYOND_REASON }]));
  });

  it('tells of an object of which too much is wrong to be told', () => {
    const externalIPs = Array<number>(300_000).fill(1);
    const web = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { externalIPs } };
    const error: unknown = catchError(() => readManifests([{ name: 'web.yaml', text: JSON.stringify(web) }]));
    expect(error).toEqual(
      new InputError([{ where: 'web.yaml: Service default/web', path: '', message: BEYOND_REASON }]),
    );
  });

  it('tells the first of very many errors', () => {
    const text = `kind: ${'&a '.repeat(170_000)}`;
    const error: unknown = catchError(() => readManifests([{ name: 'web.yaml', text }]));
    expect((error as InputError).problems).toMatchObject([{ where: 'web.yaml, line 1, column 10' }]);
  });

  it('tells every problem of every object at once', () => {
    const text = [port('{port: 0}, {port: 70000}'), node('spec: {podCIDRs: [ten]}')].join('\n---\n');
    const error: unknown = catchError(() => readManifests([{ name: 'web.yaml', text }]));
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).problems).toHaveLength(3);
  });

  it('tells an object that is given twice, and otherwise, where it was before', () => {
    const text = service('{ports: [{port: 80}]}');
    const read = (second: string) =>
      readManifests([
        { name: 'a.yaml', text },
        { name: 'b.yaml', text: second },
      ]);
    expect(() => read(text.replace('80', '81'))).toThrow(
      'b.yaml: Service web/shop: given twice, before in a.yaml',
    );
    expect(read(text).cluster.services).toHaveLength(1);
  });
});

function catchError(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
