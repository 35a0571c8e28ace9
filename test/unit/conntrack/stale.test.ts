import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/conntrack/entry.ts';
import { policyChange, type PolicyChange } from '../../../src/conntrack/policy-change.ts';
import { staleEntries } from '../../../src/conntrack/stale.ts';
import type { ConntrackScene } from '../../../src/conntrack/subjects.ts';
import type { Route } from '../../../src/routing/route.ts';
import { address, endpoint, entry, route, scene } from './building.ts';

function reasons(entries: readonly Entry[], of: ConntrackScene): readonly (string | undefined)[] {
  const { stale } = staleEntries(entries, of);
  return entries.map((one) => stale.find((candidate) => candidate.entry === one)?.reason);
}

function reason(one: Entry, of: ConntrackScene): string | undefined {
  return reasons([one], of)[0];
}

describe('UDP, as kube-proxy has it', () => {
  const serving = endpoint('10.244.0.5', 53);
  const dns = route(
    { nodePort: 30053, externalIPs: [address('1.2.3.4')], loadBalancerIPs: [address('5.6.7.8')] },
    [serving],
  );
  const GONE = '10.244.0.9:53';

  it.each(['10.96.0.10:53', '1.2.3.4:53', '5.6.7.8:53', '192.168.77.10:30053', '203.0.113.1:30053'])(
    'an entry through %s to an endpoint that is gone is stale',
    (frontend) => {
      expect(reason(entry(`10.0.0.1:1000 > ${frontend}, ${GONE} > 10.0.0.1:1000`), scene([dns]))).toBe(
        'notServing',
      );
      expect(
        reason(entry(`10.0.0.1:1000 > ${frontend}, 10.244.0.5:53 > 10.0.0.1:1000`), scene([dns])),
      ).toBeUndefined();
    },
  );

  it.each(['10.96.0.10:53', '5.6.7.8:53', '192.168.77.10:30053'])(
    'an entry that was made before anybody served %s is stale',
    (frontend) => {
      expect(reason(entry(`10.0.0.1:1000 > ${frontend}`), scene([dns]))).toBe('notServing');
    },
  );

  it('other ports, other addresses and other protocols are nobody’s business', () => {
    const others = [
      entry(`10.0.0.1:1000 > 10.96.0.10:54, ${GONE} > 10.0.0.1:1000`),
      entry(`10.0.0.1:1000 > 10.96.0.11:53, ${GONE} > 10.0.0.1:1000`),
      entry(`10.0.0.1:1000 > 10.96.0.10:53, ${GONE} > 10.0.0.1:1000`, 'tcp', 'ESTABLISHED'),
    ];
    expect(staleEntries(others, scene([dns, route({ protocol: 'tcp' }, [serving])]))).toEqual({
      stale: [],
      kept: [],
    });
  });

  it('an endpoint that is not ready but serves keeps its entries, be it on another node or out of the zone', () => {
    const terminating = endpoint('10.244.9.9', 53, { ready: false, terminating: true });
    const flow = entry('10.0.0.1:1000 > 10.96.0.10:53, 10.244.9.9:53 > 10.0.0.1:1000');
    expect(reason(flow, scene([dns], { endpoints: [serving, terminating] }))).toBeUndefined();
    const ended = { ...terminating, serving: false };
    expect(reason(flow, scene([dns], { endpoints: [serving, ended] }))).toBe('notServing');
  });

  it('a service that nobody serves keeps its entries', () => {
    const nobody = endpoint('10.244.0.5', 53, { ready: false, serving: false });
    const flow = entry(`10.0.0.1:1000 > 10.96.0.10:53, ${GONE} > 10.0.0.1:1000`);
    expect(reason(flow, scene([dns], { endpoints: [] }))).toBeUndefined();
    expect(reason(flow, scene([dns], { endpoints: [nobody] }))).toBeUndefined();
  });

  it('a service whose port is the node port of another keeps its entries', () => {
    const other = route({ label: 'default/other', clusterIP: address('10.96.0.11'), port: 30053 }, [
      endpoint('10.244.0.6', 53),
    ]);
    const flow = entry('10.0.0.1:1000 > 10.96.0.11:30053, 10.244.0.6:53 > 10.0.0.1:1000');
    expect(reason(flow, scene([dns, other]))).toBeUndefined();
  });

  it('two services that claim one address each keep theirs', () => {
    const other = route(
      { label: 'default/other', clusterIP: address('10.96.0.11'), externalIPs: dns.externalIPs },
      [endpoint('10.244.0.6', 53)],
    );
    const flows = ['10.244.0.5:53', '10.244.0.6:53', GONE].map((to) =>
      entry(`10.0.0.1:1000 > 1.2.3.4:53, ${to} > 10.0.0.1:1000`),
    );
    expect(reasons(flows, scene([dns, other]))).toEqual([undefined, undefined, 'notServing']);
  });

  it('is the same in IPv6', () => {
    const dns6 = route({ family: 'ipv6', clusterIP: address('fd00:96::a') }, [endpoint('fd00:244::5', 53)]);
    const flows = ['[fd00:244::5]:53', '[fd00:244::9]:53'].map((to) =>
      entry(`[fd00::1]:1000 > [fd00:96::a]:53, ${to} > [fd00::1]:1000`),
    );
    expect(reasons(flows, scene([dns6]))).toEqual([undefined, 'notServing']);
  });
});

describe('TCP to endpoints that are gone', () => {
  const web = route({ protocol: 'tcp', port: 80, nodePort: 30080 }, [endpoint('10.244.0.5', 8080)]);
  const gone = entry('10.0.0.1:1000 > 10.96.0.10:80, 10.244.0.9:8080 > 10.0.0.1:1000', 'tcp', 'ESTABLISHED');

  it('stays unless asked', () => {
    expect(reason(gone, scene([web]))).toBeUndefined();
    expect(reason(gone, scene([web], { resetGoneEndpoints: true }))).toBe('gone');
  });

  it('stays while the endpoint is named, be it about to end', () => {
    const ending = endpoint('10.244.0.9', 8080, { ready: false, serving: false, terminating: true });
    const asked = scene([web], { resetGoneEndpoints: true, endpoints: [ending] });
    expect(reason(gone, asked)).toBeUndefined();
  });

  it.each(['FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK', 'TIME_WAIT', 'CLOSE'])('stays in state %s', (state) => {
    const closing = entry('10.0.0.1:1000 > 10.96.0.10:80, 10.244.0.9:8080 > 10.0.0.1:1000', 'tcp', state);
    const asked = scene([web], { resetGoneEndpoints: true });
    expect(staleEntries([closing], asked)).toEqual({ stale: [], kept: [closing] });
  });

  it('stays where no rule sent it elsewhere: a port number alone says nothing', () => {
    const direct = entry('10.0.0.1:1000 > 203.0.113.1:30080', 'tcp', 'ESTABLISHED');
    expect(reason(direct, scene([web], { resetGoneEndpoints: true }))).toBeUndefined();
  });
});

function changed(from: Route, fields: Partial<Route>): readonly [Route, readonly PolicyChange[]] {
  const after = { ...from, ...fields };
  const change = policyChange(from, after);
  return [after, change === undefined ? [] : [change]];
}

describe.each(['tcp', 'udp'] as const)('a changed policy, %s', (protocol) => {
  const here = endpoint('10.244.0.5', 8080, { local: true });
  const there = endpoint('10.244.1.6', 8080);
  const web = route({ protocol, port: 80, nodePort: 30080, loadBalancerIPs: [address('5.6.7.8')] }, [
    here,
    there,
  ]);
  const flow = (text: string) => entry(text, protocol, protocol === 'tcp' ? 'ESTABLISHED' : undefined);
  const NODE = '192.168.77.10';

  it('external, to Local: whoever was hidden by a masquerade comes anew, with his own address', () => {
    const [after, policyChanges] = changed(web, { externalPolicy: 'Local' });
    const of = scene([after], { policyChanges });
    expect(
      reasons(
        [
          flow(`203.0.113.1:1000 > ${NODE}:30080, 10.244.1.6:8080 > ${NODE}:1000`),
          flow(`203.0.113.1:1001 > ${NODE}:30080, 10.244.0.5:8080 > ${NODE}:1001`),
          flow(`203.0.113.1:1002 > 5.6.7.8:80, 10.244.0.5:8080 > 10.244.0.1:1002`),
          flow(`10.244.0.7:1003 > 5.6.7.8:80, 10.244.1.6:8080 > ${NODE}:1003`),
        ],
        of,
      ),
    ).toEqual(Array(4).fill('masqueraded'));
  });

  it('external, to Local: the cluster IP, the node itself and an endpoint that came to itself are as before', () => {
    const [after, policyChanges] = changed(web, { externalPolicy: 'Local' });
    const flows = [
      flow('10.244.0.7:1000 > 10.96.0.10:80, 10.244.1.6:8080 > 10.244.0.7:1000'),
      flow(`203.0.113.1:1000 > 10.96.0.10:80, 10.244.1.6:8080 > ${NODE}:1000`),
      flow(`${NODE}:1000 > ${NODE}:30080, 10.244.1.6:8080 > ${NODE}:1000`),
      flow(`10.244.0.5:1000 > 5.6.7.8:80, 10.244.0.5:8080 > ${NODE}:1000`),
      flow('203.0.113.1:1000 > 5.6.7.8:80, 10.244.0.5:8080 > 203.0.113.1:1000'),
    ];
    expect(staleEntries(flows, scene([after], { policyChanges }))).toEqual({ stale: [], kept: flows });
  });

  it('external, to Local: a remote endpoint that came to itself through this node comes anew', () => {
    const [after, policyChanges] = changed(web, { externalPolicy: 'Local' });
    const self = flow(`10.244.1.6:1000 > ${NODE}:30080, 10.244.1.6:8080 > ${NODE}:1000`);
    expect(reason(self, scene([after], { policyChanges }))).toBe('masqueraded');
  });

  it('internal, to Local: only what leads to other nodes is stale', () => {
    const [after, policyChanges] = changed(web, {
      internalPolicy: 'Local',
      endpoints: { cluster: [here, there], local: [here], reachable: [here, there], anywhere: true },
    });
    expect(
      reasons(
        [
          flow('10.244.0.7:1000 > 10.96.0.10:80, 10.244.1.6:8080 > 10.244.0.7:1000'),
          flow('10.244.0.7:1001 > 10.96.0.10:80, 10.244.0.5:8080 > 10.244.0.7:1001'),
          flow(`203.0.113.1:1000 > ${NODE}:30080, 10.244.1.6:8080 > ${NODE}:1000`),
        ],
        scene([after], { policyChanges }),
      ),
    ).toEqual(['forbidden', undefined, undefined]);
  });

  it('internal, to Local: endpoints of which only the old route knows count as well', () => {
    const [after, policyChanges] = changed(web, {
      internalPolicy: 'Local',
      endpoints: { cluster: [], local: [], reachable: [], anywhere: false },
    });
    const old = flow('10.244.0.7:1000 > 10.96.0.10:80, 10.244.1.6:8080 > 10.244.0.7:1000');
    expect(reason(old, scene([after], { policyChanges, endpoints: [] }))).toBe('forbidden');
  });

  it('to Cluster forbids nothing', () => {
    const local = { ...web, externalPolicy: 'Local', internalPolicy: 'Local', affinitySeconds: 60 } as const;
    const loosened = {
      externalPolicy: 'Cluster',
      internalPolicy: 'Cluster',
      affinitySeconds: undefined,
    } as const;
    expect(changed(local, loosened)[1]).toEqual([]);
  });

  it('does not touch ports that are not the service’s, nor endpoints of others behind its node port', () => {
    const [after, policyChanges] = changed(web, { externalPolicy: 'Local', internalPolicy: 'Local' });
    const flows = [
      flow(`203.0.113.1:1000 > ${NODE}:30081, 10.244.1.6:8080 > ${NODE}:1000`),
      flow(`203.0.113.1:1000 > 203.0.113.9:30080, 203.0.113.9:30080 > ${NODE}:1000`),
    ];
    const [first, second] = reasons(flows, scene([after], { policyChanges }));
    expect(first).toBeUndefined();
    // kube-proxy's own rule for UDP looks at the port alone.
    expect(second).toBe(protocol === 'udp' ? 'notServing' : undefined);
  });
});

describe('affinity that is switched on', () => {
  const endpoints = [endpoint('10.244.0.5', 8080), endpoint('10.244.0.6', 8080)];
  const spread = (protocol: string, state?: string) => [
    entry('10.0.0.1:1000 > 10.96.0.10:80, 10.244.0.5:8080 > 10.0.0.1:1000', protocol, state),
    entry('10.0.0.1:1001 > 10.96.0.10:80, 10.244.0.6:8080 > 10.0.0.1:1001', protocol, state),
    entry('10.0.0.2:1000 > 10.96.0.10:80, 10.244.0.5:8080 > 10.0.0.2:1000', protocol, state),
    entry('10.0.0.2:1001 > 10.96.0.10:80, 10.244.0.5:8080 > 10.0.0.2:1001', protocol, state),
  ];

  it('cuts the TCP connections of clients that are spread over several endpoints, and of no others', () => {
    const [after, policyChanges] = changed(route({ protocol: 'tcp', port: 80 }, endpoints), {
      affinitySeconds: 10_800,
    });
    const flows = spread('tcp', 'ESTABLISHED');
    expect(reasons(flows, scene([after], { policyChanges }))).toEqual([
      'affinity',
      'affinity',
      undefined,
      undefined,
    ]);
    expect(staleEntries(flows, scene([after], { policyChanges })).kept).toEqual(flows.slice(2));
  });

  it('deals all UDP flows out anew', () => {
    const [after, policyChanges] = changed(route({ port: 80 }, endpoints), { affinitySeconds: 10_800 });
    expect(reasons(spread('udp'), scene([after], { policyChanges }))).toEqual(Array(4).fill('affinity'));
  });

  it('means nothing when only its time changes', () => {
    expect(changed(route({ affinitySeconds: 60 }, endpoints), { affinitySeconds: 10_800 })[1]).toEqual([]);
  });
});
