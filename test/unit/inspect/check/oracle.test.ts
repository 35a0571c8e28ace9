import { describe, expect, it } from 'vitest';
import { claimsOf } from '../../../../src/inspect/check/claims.ts';
import { expectationsOf } from '../../../../src/inspect/check/oracle.ts';
import { nodeFacts } from '../../../../src/inspect/facts.ts';
import type { Packet } from '../../../../src/inspect/packet.ts';
import type { Address, Cidr } from '../../../../src/net/address.ts';
import type { NodeView } from '../../../../src/routing/node-view.ts';
import type { Route } from '../../../../src/routing/route.ts';
import { endpoint, NODE, onNode, POD, route, there, view as anyView } from '../../../support/one-service.ts';
import { choice } from '../../../support/plain-routes.ts';

const view: NodeView = {
  ...anyView,
  localPods: { kind: 'source', cidr: '10.244.1.0/24' as Cidr },
};

const web: Route = {
  ...route,
  externalIPs: ['203.0.113.1' as Address],
  loadBalancerIPs: ['203.0.113.2' as Address],
};
const nobody: Route = { ...web, endpoints: choice([]) };
const elsewhere: Route = {
  ...web,
  externalPolicy: 'Local',
  internalPolicy: 'Local',
  endpoints: choice([there]),
};
const guarded: Route = { ...web, sourceRanges: ['198.51.100.0/24' as Cidr] };

interface Asked extends Partial<Packet> {
  readonly to: string;
  readonly from?: string;
}

const OUTSIDE = '192.0.2.7';

/** What must become of a packet, each answer on its own: `10.244.1.5 50 % masqueraded accepted`. */
function answers(routes: readonly Route[], { to, from = OUTSIDE, ...more }: Asked, at: NodeView = view) {
  const [destination = '', port = ''] = to.split(':');
  const packet: Packet = {
    family: 'ipv4',
    protocol: 'tcp',
    source: from as Address,
    destination: destination as Address,
    destinationPort: Number(port),
    inInterface: 'eth0',
    ...more,
  };
  const facts = nodeFacts([NODE, ...(more.mark === 1 ? ['203.0.113.2' as Address] : [])]);
  return expectationsOf(packet, { view: at, claims: claimsOf(routes) }, facts).map(({ fates }) =>
    fates
      .map((fate) => {
        if (fate.kind !== 'delivered') return fate.kind;
        const where = fate.dnat ? fate.address : 'as it came';
        const share = fate.share === 1 ? '' : ` ${fate.share * 100} %`;
        return `${where}${share}${fate.masqueraded ? ' masqueraded' : ''}${fate.accepted ? ' accepted' : ''}`;
      })
      .join(', '),
  );
}

const FROM_NODE = { from: NODE, inInterface: undefined };
const BOTH = '10.244.1.5 50 % masqueraded accepted, 10.244.2.5 50 % masqueraded accepted';

describe('what must become of a packet', () => {
  it.each<[string, readonly Route[], Asked, readonly string[]]>([
    ['from outside to a cluster IP', [web], { to: '10.96.0.10:80' }, [BOTH]],
    [
      'from a local pod to a cluster IP',
      [web],
      { to: '10.96.0.10:80', from: '10.244.1.9' },
      ['10.244.1.5 50 %, 10.244.2.5 50 %'],
    ],
    [
      'from an endpoint to itself',
      [web],
      { to: '10.96.0.10:80', from: POD },
      ['10.244.1.5 50 % masqueraded accepted, 10.244.2.5 50 %'],
    ],
    [
      'from the node',
      [web],
      { to: '10.96.0.10:80', ...FROM_NODE },
      ['10.244.1.5 50 % masqueraded, 10.244.2.5 50 % masqueraded'],
    ],
    [
      'to an endpoint on the node',
      [{ ...web, endpoints: choice([onNode]) }],
      { to: '10.96.0.10:80' },
      [NODE],
    ],
    ['to a node port', [web], { to: `${NODE}:30080` }, [BOTH]],
    ['to a node port on an address of nobody', [web], { to: '10.96.0.10:30080' }, ['as it came']],
    [
      'to a node port on loopback',
      [web],
      { to: '127.0.0.1:30080', from: '127.0.0.1', inInterface: undefined },
      ['10.244.1.5 50 % masqueraded, 10.244.2.5 50 % masqueraded'],
    ],
    ['to another port', [web], { to: '10.96.0.10:81' }, ['as it came']],
    ['by another protocol', [web], { to: '10.96.0.10:80', protocol: 'udp' }, ['as it came']],
    ['to a service without endpoints', [nobody], { to: '10.96.0.10:80' }, ['refused']],
    [
      'from the node to an external IP without endpoints',
      [nobody],
      { to: '203.0.113.1:80', ...FROM_NODE },
      ['as it came'],
    ],
    [
      'from the node to its node port without endpoints',
      [nobody],
      { to: `${NODE}:30080`, ...FROM_NODE },
      ['refused'],
    ],
    [
      'of an old connection to a service without endpoints',
      [nobody],
      { to: '10.96.0.10:80', state: 'ESTABLISHED' },
      ['as it came accepted'],
    ],
    ['to policy Local without a local endpoint', [elsewhere], { to: `${NODE}:30080` }, ['dropped']],
    ['to internal policy Local without a local endpoint', [elsewhere], { to: '10.96.0.10:80' }, ['dropped']],
    [
      'from the node to external policy Local',
      [elsewhere],
      { to: `${NODE}:30080`, ...FROM_NODE },
      ['10.244.2.5 masqueraded'],
    ],
    ['from outside of the source ranges', [guarded], { to: '203.0.113.2:80' }, ['dropped']],
    ['from within the source ranges', [guarded], { to: '203.0.113.2:80', from: '198.51.100.255' }, [BOTH]],
    ['that is invalid', [web], { to: '192.0.2.99:9', state: 'INVALID' }, ['dropped']],
    ['to 127.0.0.1 from outside', [web], { to: '127.0.0.1:9' }, ['dropped']],
    ['that is marked', [web], { to: '192.0.2.99:9', mark: 0x4000 }, ['as it came masqueraded accepted']],
    ['that carries the marks of others', [web], { to: '192.0.2.99:9', mark: 0xbfff }, ['as it came']],
    [
      'to a health-check port',
      [{ ...web, healthCheckNodePort: 32000 }],
      { to: `${NODE}:32000` },
      ['as it came accepted'],
    ],
  ])('%s', (_, routes, asked, expected) => {
    expect(answers(routes, asked)).toEqual(expected);
  });

  it('where the node holds the load-balancer address: its own requests carry it', () => {
    const nodeMay: Route = { ...web, sourceRanges: ['192.168.77.0/24' as Cidr] };
    const asked: Asked = { to: '203.0.113.2:80', from: '203.0.113.2', inInterface: undefined, mark: 1 };
    expect(answers([nodeMay], asked)).toEqual(['10.244.1.5 50 % masqueraded, 10.244.2.5 50 % masqueraded']);
    expect(answers([guarded], asked)).toEqual(['dropped']);
  });

  it('to an endpoint that is the cluster IP of a service without endpoints: refused after all', () => {
    const chained: Route = {
      ...web,
      clusterIP: '10.96.0.11' as Address,
      endpoints: choice([endpoint('10.96.0.10', false)]),
    };
    expect(answers([chained, nobody], { to: '10.96.0.11:80', from: '10.244.1.9' })).toEqual(['refused']);
  });

  it('by settings', () => {
    expect(answers([web], { to: '127.0.0.1:9' }, { ...view, localhostNodePorts: false })).toEqual([
      'as it came',
    ]);
    expect(answers([web], { to: '192.0.2.99:9', state: 'INVALID' }, { ...view, dropInvalid: false })).toEqual(
      ['as it came'],
    );
    expect(
      answers([web], { to: '10.96.0.10:80', from: '10.244.1.9' }, { ...view, masqueradeAll: true }),
    ).toEqual([BOTH]);
    const scope: NodeView = { ...view, nodePorts: { kind: 'addresses', addresses: [] } };
    expect(answers([web], { to: `${NODE}:30080` }, scope)).toEqual(['as it came']);
  });
});

describe('where services claim the same address', () => {
  const rival: Route = { ...web, label: 'default/rival', endpoints: choice([there]) };

  it('the answer of each is right', () => {
    expect(answers([web, rival], { to: '10.96.0.10:80' })).toEqual([BOTH, '10.244.2.5 masqueraded accepted']);
  });

  it('one without endpoints leaves it to the other', () => {
    expect(answers([nobody, rival], { to: '10.96.0.10:80' })).toEqual(['10.244.2.5 masqueraded accepted']);
  });

  it('an address goes before a node port', () => {
    const other: Route = {
      ...rival,
      clusterIP: undefined,
      nodePort: 80,
      externalIPs: [],
      loadBalancerIPs: [],
    };
    const onTheNode: Route = { ...web, externalIPs: [NODE], nodePort: undefined };
    expect(answers([other, onTheNode], { to: `${NODE}:80` })).toEqual([BOTH]);
  });

  it('they are named', () => {
    const conflicts = claimsOf([web, rival]).conflicts();
    expect(conflicts.map(({ address, port, services }) => [address, port, services.join()])).toEqual([
      ['10.96.0.10', 80, 'default/web,default/rival'],
      ['203.0.113.1', 80, 'default/web,default/rival'],
      ['203.0.113.2', 80, 'default/web,default/rival'],
      [undefined, 30080, 'default/web,default/rival'],
    ]);
  });
});
