import { describe, expect, it } from 'vitest';
import { serviceChainName } from '../../../src/chains/names.ts';
import { portsReport, type LiveFacts } from '../../../src/ports/report.ts';
import { portsTable } from '../../../src/ports/table.ts';
import type { Claim } from '../../../src/ports/claims.ts';
import {
  claims,
  DUAL_STACK,
  kernel,
  listener,
  live,
  NODE_ADDRESSES,
  port,
  service,
  slice,
} from './building.ts';

const LOCAL = { externalTrafficPolicy: 'Local' };
const OBJECTS = [
  service('shop', { ...DUAL_STACK, ports: [port(30080)] }),
  slice('shop', ['node-a', 'node-b']),
  slice('shop', ['node-a', 'node-b'], 'ipv6'),
  service('far', { ...LOCAL, clusterIP: '10.96.0.2', ports: [port(30081)] }),
  slice('far', ['node-b']),
  service('empty', { clusterIP: '10.96.0.3', ports: [port(40000)] }),
  service('half', {
    ...DUAL_STACK,
    clusterIPs: ['10.96.0.4', 'fd00:96::4'],
    clusterIP: '10.96.0.4',
    ports: [port(30082)],
  }),
  slice('half', ['node-a']),
];

function table(of: readonly Claim[], facts?: Partial<LiveFacts>): string {
  return portsTable(
    portsReport({ node: 'node-a', claims: of, answersOn: NODE_ADDRESSES, live: facts && live(facts) }),
  );
}

const RULES = kernel(
  [
    '[4:240] -A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "web/far has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30081 -j DROP',
    '[7:420] -A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "web/empty has no endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 40000 -j REJECT --reject-with icmp-port-unreachable',
  ],
  [
    `[9:540] -A KUBE-NODEPORTS -p tcp -m comment --comment "web/shop" -m tcp --dport 30080 -j ${serviceChainName('EXT', 'web/shop', 'tcp')}`,
  ],
);

describe('the table', () => {
  it('of manifests alone has no column for what was not looked at', () => {
    expect(table(claims(OBJECTS))).toBe(
      [
        'NODE PORT  SERVICE    POLICY   LOCAL  TOTAL  FAMILIES   NOTES',
        '30080/tcp  web/shop   Cluster  1      2      ipv4,ipv6',
        '30081/tcp  web/far    Local    0      1      ipv4       dropped: no endpoint on this node',
        '30082/tcp  web/half   Cluster  1      1      ipv4',
        '30082/tcp  web/half   Cluster  0      0      ipv6       refused: no endpoints',
        '40000/tcp  web/empty  Cluster  0      0      ipv4       refused: no endpoints',
        '',
        '4 node ports on node-a: 2 refused, 1 dropped.',
        '',
      ].join('\n'),
    );
  });

  it('of a live node tells counters, listeners and trouble', () => {
    const facts: Partial<LiveFacts> = {
      backend: 'nft',
      rules: new Map([['ipv4', RULES]]),
      listeners: [listener('0.0.0.0', 30080, 'nginx'), listener('::', 30080)],
      ephemeral: { range: { first: 32768, last: 60999 }, reserved: [] },
    };
    expect(table(claims(OBJECTS, ['ipv4']), facts)).toBe(
      [
        'NODE PORT  SERVICE    POLICY   LOCAL  TOTAL  PACKETS  FAMILIES  LISTENER     NOTES',
        '30080/tcp  web/shop   Cluster  1      2      9        ipv4      812/nginx,?  TAKEN: the service gets what is meant for 812/nginx on 0.0.0.0',
        '30081/tcp  web/far    Local    0      1      -        ipv4      -            NO RULE in the kernel; dropped: no endpoint on this node (4 so far)',
        '30082/tcp  web/half   Cluster  1      1      -        ipv4      -            NO RULE in the kernel',
        '40000/tcp  web/empty  Cluster  0      0      7        ipv4      -            refused: no endpoints; in the range of ephemeral ports',
        '',
        '4 node ports on node-a: 1 taken, 1 refused, 1 dropped.',
        'One of them may also be given to outgoing connections of the node, which then break. To reserve it:',
        '  sysctl -w net.ipv4.ip_local_reserved_ports=40000',
        '',
      ].join('\n'),
    );
  });

  it('says where health checks go unanswered', () => {
    const spec = { ...LOCAL, type: 'LoadBalancer', healthCheckNodePort: 32000, ports: [port(30080)] };
    const balanced = claims([service('a', spec), slice('a', ['node-a'])]);
    expect(table(balanced)).toMatch(/32000\/tcp +web\/a +Local +1 +- +ipv4 +health checks$/m);
    expect(table(balanced, {})).toMatch(/health checks; NOBODY LISTENS, load balancers pass this node by$/m);
    expect(table(balanced, { listeners: [listener('::', 32000, 'chainwright')] })).toMatch(
      /32000\/tcp .* 812\/chainwright +health checks$/m,
    );
  });

  it('tells a placeholder of an old kube-proxy from a victim', () => {
    const kept = { listeners: [listener('0.0.0.0', 30080, 'kube-proxy')] };
    expect(table(claims([service('a', { ports: [port(30080)] })]), kept)).toContain(
      '812/kube-proxy  kept free of others by kube-proxy; refused: no endpoints',
    );
  });

  it('of nothing is a sentence', () => {
    expect(table([])).toBe('No service has a node port.\n');
  });
});
