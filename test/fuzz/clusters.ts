import fc from 'fast-check';
import { ENDPOINT_SLICES, SERVICES } from '../../src/cluster/api/resource.ts';
import type { EndpointSlice, Service } from '../../src/model/objects.ts';
import { rulesetOf } from '../../src/chains/layout.ts';
import type { Ruleset } from '../../src/chains/rule.ts';
import { readConfig } from '../../src/config/load.ts';
import type { Family } from '../../src/net/address.ts';
import type { Settings } from '../../src/model/settings.ts';
import { InputError } from '../../src/problems/problem.ts';
import { nodeView } from '../../src/routing/node-view.ts';
import { clusterRoutes } from '../../src/routing/routes.ts';
import { CAPTURE_HOST } from '../support/cases.ts';
import { evilText, spoiled } from './hostile.ts';
import { objectsOf } from './objects.ts';

/* Clusters of all objects that the decoder lets pass, however odd: what rules are made of. */

const label = fc.oneof(
  {
    arbitrary: fc
      .constantFrom(63, 63, 1)
      .chain((length) => fc.constantFrom('a', '0', '9').map((letter) => letter.repeat(length))),
    weight: 9,
  },
  { arbitrary: fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/), weight: 3 },
  {
    arbitrary: fc.constantFrom(
      'commit',
      'kube-mark-masq',
      '-j',
      'a b',
      'x"',
      'n\n',
      '%s',
      'a'.repeat(300),
      'ü',
      'xn--fsq',
    ),
    weight: 1,
  },
  { arbitrary: evilText, weight: 1 },
);
const address = fc.constantFrom(
  ...[
    '10.96.0.1',
    '010.096.000.007',
    '127.0.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '192.168.77.10',
  ],
  ...[
    'fd00:10:96::7',
    'FD00:10:96:0:0:0:0:0009',
    '::1',
    'fe80::1',
    '::',
    'ff02::1',
    '::ffff:10.0.0.9',
    '2001:db8:1111:2222:3333:4444:5555:6666',
  ],
  ...['fe80::1%eth0', '10.0.0.1" -j ACCEPT', '10.0.0.1\n'],
);
const port = fc.constantFrom(1, 53, 80, 65_535);
const protocol = fc.constantFrom('TCP', 'UDP', 'SCTP');

const service = fc
  .record({
    name: label,
    namespace: label,
    ports: fc.uniqueArray(
      fc.record({ name: label, port, protocol, nodePort: fc.constantFrom(0, 30_000, 30_080, 65_535) }),
      {
        minLength: 1,
        maxLength: 3,
        selector: ({ name }) => name,
      },
    ),
    ips: fc.constantFrom(['10.96.7.7'], ['fd00:10:96::7'], ['10.96.7.7', 'fd00:10:96::7']),
    spec: fc.record(
      {
        externalIPs: fc.array(address, { maxLength: 3 }),
        loadBalancerSourceRanges: fc.array(
          fc.constantFrom(
            '10.0.0.0/8',
            ' 192.0.2.0/24 ',
            'fd00::/8',
            '0.0.0.0/0',
            '1.2.3.4/33',
            '10.0.0.0/8 -j DROP',
          ),
          { maxLength: 3 },
        ),
        sessionAffinity: fc.constantFrom('ClientIP', 'None'),
        externalTrafficPolicy: fc.constantFrom('Local', 'Cluster'),
        internalTrafficPolicy: fc.constantFrom('Local', 'Cluster'),
        healthCheckNodePort: fc.constantFrom(0, 32_000),
      },
      { requiredKeys: [] },
    ),
    ingress: fc.array(
      fc.record({ ip: address, ipMode: fc.constantFrom('VIP', 'Proxy', 'vip') }, { requiredKeys: ['ip'] }),
      { maxLength: 2 },
    ),
    endpoints: fc.array(
      fc.record({
        address,
        nodeName: fc.constantFrom('node-a', 'node-b', 'NODE "a"'),
        ready: fc.boolean(),
        terminating: fc.boolean(),
      }),
      { maxLength: 5 },
    ),
    family: fc.constantFrom('IPv4', 'IPv6'),
  })
  .map(({ name, namespace, ports, ips, spec, ingress, endpoints, family }) => ({
    service: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { type: 'LoadBalancer', clusterIP: ips[0], clusterIPs: ips, ports, ...spec },
      status: { loadBalancer: { ingress } },
    },
    slice: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'slice', namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: family,
      ports: ports.map((each) => ({ name: each.name, port: each.port, protocol: each.protocol })),
      endpoints: endpoints.map(({ address: first, nodeName, ready, terminating }) => ({
        addresses: [first],
        nodeName,
        conditions: { ready, serving: true, terminating },
      })),
    },
  }));

const interfaceName = fc.oneof(
  fc.constantFrom(
    'br0',
    'br-%d.1@x',
    "it's",
    'a\\b',
    '#1',
    '$(id)',
    'a"b',
    '"',
    '!',
    '-j',
    '+',
    'x;y',
    'x,y',
  ),
  fc.string({ minLength: 1, maxLength: 14 }),
);
const modes = fc.oneof(
  fc.constant({ clusterCIDR: '10.244.0.0/16,fd00:244::/56' }),
  interfaceName.map((bridgeInterface) => ({
    detectLocalMode: 'BridgeInterface',
    detectLocal: { bridgeInterface },
  })),
  interfaceName.map((interfaceNamePrefix) => ({
    detectLocalMode: 'InterfaceNamePrefix',
    detectLocal: { interfaceNamePrefix },
  })),
);

/** A configuration that is refused is the default one. */
function settingsWith(mode: object): Settings {
  const head = { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration' };
  try {
    return readConfig({ file: { name: 'c', text: JSON.stringify({ ...head, ...mode }) }, flags: {} })
      .settings;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return readConfig({ flags: {} }).settings;
  }
}

/** The rules that a node of this family makes of such a cluster. */
export function hostileRulesets(family: Family): fc.Arbitrary<Ruleset> {
  return fc
    .record({
      pairs: fc.uniqueArray(service, {
        minLength: 1,
        maxLength: 4,
        selector: (pair) => JSON.stringify(pair.service.metadata),
      }),
      more: fc.array(spoiled([...objectsOf('Service'), ...objectsOf('EndpointSlice')]), { maxLength: 3 }),
      layout: fc.constantFrom('classic' as const, 'indexed' as const),
      comments: fc.constantFrom('auto' as const, 'always' as const, 'never' as const),
      mode: modes,
    })
    .map(({ pairs, more, layout, comments, mode }) => {
      const services = new Map<string, Service>();
      const slices: EndpointSlice[] = [];
      for (const object of [...pairs.flatMap((pair) => [pair.service, pair.slice]), ...more]) {
        const read = SERVICES.read(object, 'x');
        if (read.kind === 'good' && read.model !== undefined)
          services.set(`${read.model.namespace}/${read.model.name}`, read.model);
        const slice = ENDPOINT_SLICES.read(object, 'x');
        if (slice.kind === 'good' && slice.model !== undefined) slices.push(slice.model);
      }
      const view = nodeView(family, settingsWith(mode), { name: 'node-a', node: undefined }, CAPTURE_HOST);
      const routes = clusterRoutes({ services: [...services.values()], slices, nodes: [] }, view);
      return rulesetOf({ name: layout, comments }, routes, view);
    });
}
