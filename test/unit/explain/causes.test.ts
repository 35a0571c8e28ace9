import { describe, expect, it } from 'vitest';
import type { LayoutName } from '../../../src/chains/layout-choice.ts';
import type { From } from '../../../src/explain/askers.ts';
import type { Question } from '../../../src/explain/explain.ts';
import type { FindingCode } from '../../../src/explain/finding.ts';
import {
  ask,
  endpoint,
  fromAddress,
  NODE,
  NODE_A,
  NODE_B,
  NODE_V6,
  service,
  shop,
  slice,
  to,
  type SetUp,
} from './building.ts';

/** Something is broken: the one right cause, and a word of it that only this set-up can bring. */
interface Broken {
  readonly what: string;
  readonly setUp: Omit<SetUp, 'layout'>;
  readonly question: Question;
  readonly from?: From;
  readonly code: FindingCode;
  readonly says: RegExp;
}

const LOCAL = { externalTrafficPolicy: 'Local' };
const NODES = [NODE_A, NODE_B];
const atNode = to(NODE, 30080);
const atClusterIP = to('10.96.0.10', 80);
const balancer = (spec: object, ingress: object): object =>
  shop({ spec: { type: 'LoadBalancer', ...spec }, ingress: [ingress] });
const notReady = { conditions: { ready: false, serving: false } };
const leaving = { conditions: { ready: false, serving: false, terminating: true } };

const OF_SERVICES: readonly Broken[] = [
  {
    what: 'no such service',
    setUp: { objects: [...NODES, shop(), slice()] },
    question: service('web/shopp'),
    code: 'noSuchService',
    says: /no service web\/shopp/,
  },
  {
    what: 'a service of that name in another namespace only',
    setUp: { objects: [...NODES, shop(), slice()] },
    question: service('default/shop'),
    code: 'noSuchService',
    says: /web\/shop is known/,
  },
  {
    what: 'a headless service',
    setUp: {
      objects: [...NODES, shop({ spec: { type: 'ClusterIP', clusterIP: 'None', ports: [{ port: 80 }] } })],
    },
    question: service('web/shop'),
    code: 'headless',
    says: /clusterIP: None/,
  },
  {
    what: 'type ExternalName',
    setUp: {
      objects: [
        ...NODES,
        shop({ spec: { type: 'ExternalName', clusterIP: '', externalName: 'a.example', ports: [] } }),
      ],
    },
    question: service('web/shop'),
    code: 'externalName',
    says: /DNS answers with another name/,
  },
  {
    what: 'a service of another proxy',
    setUp: {
      objects: [...NODES, shop({ labels: { 'service.kubernetes.io/service-proxy-name': 'other' } }), slice()],
    },
    question: service('web/shop'),
    code: 'otherProxy',
    says: /service-proxy-name/,
  },
  {
    what: 'the address of a service of another proxy',
    setUp: {
      objects: [...NODES, shop({ labels: { 'service.kubernetes.io/service-proxy-name': 'other' } }), slice()],
    },
    question: atClusterIP,
    code: 'otherProxy',
    says: /service-proxy-name/,
  },
  {
    what: 'a service of the other family',
    setUp: { objects: [...NODES, shop({ spec: { clusterIP: 'fd00:10:96::10' } })] },
    question: service('web/shop'),
    code: 'wrongFamily',
    says: /IPv6 alone/,
  },
  {
    what: 'a service without an address yet',
    setUp: {
      objects: [...NODES, shop({ spec: { type: 'ClusterIP', clusterIP: undefined, ports: [{ port: 80 }] } })],
    },
    question: service('web/shop'),
    code: 'addressPending',
    says: /no address yet/,
  },
  {
    what: 'a port that the service does not have',
    setUp: { objects: [...NODES, shop(), slice()] },
    question: service('web/shop:https'),
    code: 'noSuchPort',
    says: /http \(80\)/,
  },
];

const OF_ENDPOINTS: readonly Broken[] = [
  {
    what: 'no slice for the service',
    setUp: { objects: [...NODES, shop()] },
    question: atNode,
    code: 'noSlices',
    says: /kubernetes.io\/service-name: shop in web$/,
  },
  {
    what: 'slices in another namespace',
    setUp: { objects: [...NODES, shop(), slice({ namespace: 'default' })] },
    question: atClusterIP,
    code: 'noSlices',
    says: /of that name in default/,
  },
  {
    what: 'a selector that matches no pod',
    setUp: { objects: [...NODES, shop(), slice({ endpoints: [], ports: [] })] },
    question: service('web/shop'),
    code: 'noEndpoints',
    says: /selector matches no pod/,
  },
  {
    what: 'slices of the other family only',
    setUp: {
      objects: [
        ...NODES,
        shop(),
        slice({ addressType: 'IPv6', endpoints: [endpoint('fd00:10:244:1::10', 'node-a')] }),
      ],
    },
    question: atNode,
    code: 'wrongFamily',
    says: /no EndpointSlice of IPv4, only of IPv6/,
  },
  {
    what: 'endpoints that are not ready, some of them going',
    setUp: {
      objects: [
        ...NODES,
        shop(),
        slice({
          endpoints: [
            endpoint('10.244.1.10', 'node-a', notReady),
            endpoint('10.244.1.11', 'node-a', notReady),
            endpoint('10.244.2.10', 'node-b', leaving),
          ],
        }),
      ],
    },
    question: atNode,
    code: 'notReady',
    says: /none of the 3 endpoints of web\/shop:http is ready: 2 not terminating and not serving, 1 terminating and not serving/,
  },
  {
    what: 'the only endpoint serves, but is not ready',
    setUp: {
      objects: [
        ...NODES,
        shop(),
        slice({
          endpoints: [endpoint('10.244.1.10', 'node-a', { conditions: { ready: false, serving: true } })],
        }),
      ],
    },
    question: atClusterIP,
    code: 'notReady',
    says: /the only endpoint of web\/shop:http is not ready: 1 not terminating and serving/,
  },
  {
    what: 'a port of another name in the slice',
    setUp: { objects: [...NODES, shop(), slice({ ports: [{ name: 'web', protocol: 'TCP', port: 8080 }] })] },
    question: atNode,
    code: 'portNameMismatch',
    says: /port named http is none of its EndpointSlices' ports \(web\)/,
  },
  {
    what: 'a port of another protocol in the slice',
    setUp: { objects: [...NODES, shop(), slice({ ports: [{ name: 'http', protocol: 'UDP', port: 8080 }] })] },
    question: atNode,
    code: 'protocolMismatch',
    says: /tcp in the service and udp in its EndpointSlices/,
  },
  {
    what: 'a targetPort that the pods do not have',
    setUp: { objects: [...NODES, shop(), slice({ ports: [] })] },
    question: atNode,
    code: 'targetPortMissing',
    says: /targetPort of port named http is not found on the pods/,
  },
  {
    what: 'policy Local without an endpoint on the node',
    setUp: {
      objects: [
        ...NODES,
        shop({ spec: LOCAL }),
        slice({
          endpoints: [
            endpoint('10.244.2.10', 'node-b'),
            endpoint('10.244.2.11', 'node-b'),
            endpoint('10.244.3.1', 'node-c'),
          ],
        }),
      ],
    },
    question: atNode,
    code: 'noLocalEndpoint',
    says: /none is on node-a: node port 30080\/tcp is dropped here\. Endpoints are on node-b \(2\) and node-c \(1\)/,
  },
  {
    what: 'internal policy Local without an endpoint on the node',
    setUp: {
      objects: [
        ...NODES,
        shop({ spec: { internalTrafficPolicy: 'Local' } }),
        slice({ endpoints: [endpoint('10.244.2.10', 'node-b')] }),
      ],
    },
    question: atClusterIP,
    code: 'noLocalEndpoint',
    says: /^internalTrafficPolicy of web\/shop is Local/,
  },
];

const OF_ADDRESSES: readonly Broken[] = [
  {
    what: 'a client outside the source ranges',
    setUp: {
      objects: [
        ...NODES,
        balancer({ loadBalancerSourceRanges: ['203.0.113.0/24'] }, { ip: '198.51.100.50' }),
        slice(),
      ],
    },
    question: to('198.51.100.50', 80),
    from: fromAddress('192.0.2.5'),
    code: 'sourceRange',
    says: /let in 203\.0\.113\.0\/24, and 192\.0\.2\.5 is in none/,
  },
  {
    what: 'a load-balancer address of ipMode Proxy',
    setUp: { objects: [...NODES, balancer({}, { ip: '198.51.100.50', ipMode: 'Proxy' }), slice()] },
    question: to('198.51.100.50', 80),
    code: 'ipModeProxy',
    says: /ipMode: Proxy/,
  },
  {
    what: 'nodePortAddresses that leave the address out',
    setUp: { objects: [...NODES, shop(), slice()], flags: { 'nodeport-addresses': ['10.0.0.0/8'] } },
    question: atNode,
    code: 'nodePortAddresses',
    says: /nodePortAddresses cover no address of this node/,
  },
  {
    what: 'nodePortAddresses of another network of the node',
    setUp: { objects: [...NODES, shop(), slice()], flags: { 'nodeport-addresses': ['192.168.0.0/16'] } },
    question: to('127.0.0.1', 30080),
    code: 'loopback',
    says: /nodePortAddresses leave loopback out/,
  },
  {
    what: 'loopback with localhost node ports off',
    setUp: { objects: [...NODES, shop(), slice()], flags: { 'iptables-localhost-nodeports': ['false'] } },
    question: to('127.0.0.1', 30080),
    code: 'loopback',
    says: /localhost node ports are off/,
  },
  {
    what: 'IPv6 loopback',
    setUp: {
      family: 'ipv6',
      objects: [
        ...NODES,
        shop({ spec: { clusterIP: 'fd00:10:96::10' } }),
        slice({ addressType: 'IPv6', endpoints: [endpoint('fd00:10:244:1::10', 'node-a')] }),
      ],
    },
    question: to('::1', 30080),
    code: 'loopback',
    says: /does not answer on ::1/,
  },
  {
    what: "another node's address",
    setUp: { objects: [...NODES, shop(), slice()] },
    question: to('192.168.77.11', 30080),
    code: 'otherNode',
    says: /address of node-b, not of node-a/,
  },
  {
    what: 'a node port of the other family',
    setUp: { objects: [...NODES, shop(), slice()], family: 'ipv6' },
    question: to(NODE_V6, 30080),
    code: 'wrongFamily',
    says: /web\/shop is of IPv4 alone/,
  },
  {
    what: 'a node port of another protocol',
    setUp: { objects: [...NODES, shop(), slice()] },
    question: to(NODE, 30080, 'udp'),
    code: 'otherProtocol',
    says: /30080 of web\/shop is for tcp, not for udp/,
  },
  {
    what: "the service's port at the node",
    setUp: { objects: [...NODES, shop(), slice()] },
    question: to(NODE, 80),
    code: 'servicePortAtNode',
    says: /nodes answer for web\/shop at 30080\/tcp/,
  },
  {
    what: 'the node port at the cluster IP',
    setUp: { objects: [...NODES, shop(), slice()] },
    question: to('10.96.0.10', 30080),
    code: 'nodePortAtService',
    says: /at 10\.96\.0\.10 the port is 80/,
  },
  {
    what: 'a port that nobody has',
    setUp: { objects: [...NODES, shop(), slice()] },
    question: to(NODE, 31999),
    code: 'noSuchPort',
    says: /31999\/tcp is no node port of any service/,
  },
  {
    what: "the pods' port at the cluster IP",
    setUp: { objects: [...NODES, shop(), slice()] },
    question: to('10.96.0.10', 8080),
    code: 'noSuchPort',
    says: /8080\/tcp is none of its ports: its ports are 80\/tcp/,
  },
  {
    what: 'another protocol at the cluster IP',
    setUp: { objects: [...NODES, shop(), slice()] },
    question: to('10.96.0.10', 80, 'udp'),
    code: 'otherProtocol',
    says: /has port 80 for tcp, not for udp/,
  },
  {
    what: 'an address that nobody has',
    setUp: { objects: [...NODES, shop(), slice()] },
    question: to('203.0.113.99', 80),
    code: 'unknownAddress',
    says: /no service and no node has the IPv4 address 203\.0\.113\.99/,
  },
  {
    what: "a pod's own address",
    setUp: { objects: [...NODES, shop(), slice()] },
    question: to('10.244.2.10', 8080),
    code: 'podAddress',
    says: /is a pod of web\/shop/,
  },
];

const before = (rule: string) => (made: string) =>
  made.replace(/^-A PREROUTING /m, `${rule}\n-A PREROUTING `);
const first = (chain: string, rule: string) => (made: string) =>
  made.replace(new RegExp(`^-A ${chain} `, 'm'), `${rule}\n-A ${chain} `);

const OF_RULES: readonly Broken[] = [
  {
    what: 'a rule of others that drops in front of ours',
    setUp: {
      objects: [...NODES, shop(), slice()],
      found: (made) =>
        `*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 30080 -j DROP\nCOMMIT\n${made}`,
    },
    question: atNode,
    code: 'foreignRule',
    says: /drops it before .*: rule 1 of raw PREROUTING, -A PREROUTING -p tcp -m tcp --dport 30080 -j DROP/,
  },
  {
    what: 'a firewall that refuses what is forwarded',
    setUp: {
      objects: [...NODES, shop({ spec: LOCAL }), slice()],
      found: first('FORWARD', '-A FORWARD -d 10.244.0.0/16 -j REJECT --reject-with icmp-host-prohibited'),
    },
    question: atNode,
    code: 'foreignRule',
    says: /refuses it after .*rule 1 of filter FORWARD/,
  },
  {
    what: 'a translation of others that comes first',
    setUp: {
      objects: [...NODES, shop(), slice()],
      found: before('-A PREROUTING -p tcp -m tcp --dport 30080 -j DNAT --to-destination 10.9.9.9:80'),
    },
    question: atNode,
    code: 'foreignRule',
    says: /takes it before the service's rules are asked: rule 1 of nat PREROUTING/,
  },
  {
    what: 'a rule of others that ends the nat table',
    setUp: { objects: [...NODES, shop(), slice()], found: before('-A PREROUTING -p tcp -j ACCEPT') },
    question: atNode,
    code: 'foreignRule',
    says: /rule 1 of nat PREROUTING, -A PREROUTING -p tcp -j ACCEPT/,
  },
  {
    what: 'FORWARD policy DROP with a kept source',
    setUp: {
      objects: [...NODES, shop({ spec: LOCAL }), slice()],
      found: (made) => made.replace(':FORWARD ACCEPT', ':FORWARD DROP'),
    },
    question: atNode,
    code: 'policy',
    says: /policy of FORWARD is to drop/,
  },
  {
    what: 'a rule that is not modelled',
    setUp: {
      objects: [...NODES, shop(), slice()],
      found: first('FORWARD', '-A FORWARD -m set --match-set bad src -j DROP'),
    },
    question: atNode,
    code: 'notModelled',
    says: /match-set bad src/,
  },
  {
    what: 'no rules at all',
    setUp: { objects: [...NODES, shop(), slice()], found: () => '*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT' },
    question: atNode,
    code: 'proxyNotRunning',
    says: /no rules of a service proxy/,
  },
  {
    what: 'rules from before the service',
    setUp: { objects: [...NODES, shop(), slice()], found: (_, rulesOf) => rulesOf(NODES) },
    question: atNode,
    code: 'rulesMissing',
    says: /30080\/tcp at 192\.168\.77\.10, though web\/shop:http has endpoints.*missing/,
  },
  {
    what: 'rules from before its endpoints',
    setUp: { objects: [...NODES, shop(), slice()], found: (_, rulesOf) => rulesOf([...NODES, shop()]) },
    question: atClusterIP,
    code: 'rulesStale',
    says: /turn it away, though web\/shop:http has endpoints/,
  },
  {
    what: 'rules of an endpoint that is gone',
    setUp: {
      objects: [...NODES, shop(), slice()],
      found: (_, rulesOf) =>
        rulesOf([...NODES, shop(), slice({ endpoints: [endpoint('10.244.1.99', 'node-a')] })]),
    },
    question: atNode,
    code: 'staleEndpoint',
    says: /sends? it to 10\.244\.1\.99:8080/,
  },
];

describe.each<LayoutName>(['classic', 'indexed'])('the cause, in the %s layout', (layout) => {
  it.each([...OF_SERVICES, ...OF_ENDPOINTS, ...OF_ADDRESSES, ...OF_RULES])('$what', (broken) => {
    const { ways, findings } = ask({ ...broken.setUp, layout }, broken.question, broken.from);
    const all = [...findings, ...ways.flatMap((way) => way.findings)].filter(({ kind }) => kind === 'cause');
    expect(new Set(all.map(({ code }) => code))).toEqual(new Set([broken.code]));
    expect(all[0]?.text).toMatch(broken.says);
    expect(all[0]?.remedy).not.toBe('');
    expect(ways.filter(({ verdict }) => verdict === 'through')).toEqual([]);
  });

  it('the same set-up, mended, gets through', () => {
    const { ways } = ask({ objects: [...NODES, shop(), slice()], layout }, service('web/shop'));
    expect(ways.map(({ entry, verdict }) => [entry, verdict])).toEqual([
      ['clusterIP', 'through'],
      ['nodePort', 'through'],
    ]);
    expect(ways.flatMap((way) => way.findings).filter(({ kind }) => kind === 'cause')).toEqual([]);
  });
});

describe('a part of the connections', () => {
  it('is lost where one endpoint of the rules is gone', () => {
    const more = slice({ endpoints: [endpoint('10.244.1.10', 'node-a'), endpoint('10.244.1.99', 'node-a')] });
    const { ways } = ask(
      { objects: [...NODES, shop(), slice()], found: (_, rulesOf) => rulesOf([...NODES, shop(), more]) },
      atNode,
    );
    expect(ways).toMatchObject([
      { verdict: 'partly', findings: [{ kind: 'cause', code: 'staleEndpoint' }, {}] },
    ]);
  });
});

describe('rules alone', () => {
  const rulesOnly = true;
  it.each<[string, SetUp, FindingCode]>([
    ['no endpoints', { objects: [...NODES, shop()] }, 'noEndpoints'],
    [
      'no local endpoint',
      {
        objects: [...NODES, shop({ spec: LOCAL }), slice({ endpoints: [endpoint('10.244.2.10', 'node-b')] })],
      },
      'noLocalEndpoint',
    ],
    ['another port', { objects: [NODE_A] }, 'noSuchPort'],
    [
      'no rules',
      { objects: NODES, found: () => '*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT' },
      'proxyNotRunning',
    ],
  ])('tell of %s', (_, setUp, code) => {
    const found = setUp.found ?? ((made: string) => made);
    const { ways } = ask({ ...setUp, rulesOnly, found }, atNode);
    expect(ways.map(({ findings }) => findings.map((finding) => finding.code))).toEqual([[code]]);
  });

  it('know the ways into a service, and which sources are pods', () => {
    const setUp = { objects: [...NODES, shop(), slice()], rulesOnly, found: (made: string) => made };
    const { ways } = ask(setUp, service('web/shop'));
    expect(ways.map(({ entry, to: { address, port }, verdict }) => [entry, address, port, verdict])).toEqual([
      ['clusterIP', '10.96.0.10', 80, 'through'],
      ['nodePort', '192.0.2.1', 30080, 'through'],
    ]);
    expect(ways.map(({ branches }) => branches.map(({ masqueraded }) => masqueraded))).toEqual([
      [false, false],
      [true, true],
    ]);
  });

  it('know a service by the names of its chains where no comment tells', () => {
    const bare = (made: string): string => made.replace(/ -m comment --comment (?:"[^"]*"|\S+)/g, '');
    const objects = [
      ...NODES,
      shop({ spec: { ports: [{ port: 80, nodePort: 30080 }] } }),
      slice({ ports: [{ port: 8080 }] }),
    ];
    const { ways } = ask({ objects, rulesOnly, found: bare }, service('web/shop'));
    expect(ways.map(({ entry }) => entry)).toEqual(['clusterIP', 'nodePort']);
    expect(ask({ objects, rulesOnly, found: bare }, service('web/other')).findings).toMatchObject([
      { code: 'noSuchService' },
    ]);
  });
});
