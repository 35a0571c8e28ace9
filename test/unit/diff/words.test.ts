import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config/load.ts';
import { casesIn, expectedRules, loadCase, RULE_BOOK } from '../../support/cases.ts';
import { chooseNode } from '../../../src/cluster/identity.ts';
import { CLASSIC, differenceOf, ofManifests, ofRules, wordsOf } from './states.ts';

const NODE = `apiVersion: v1
kind: Node
metadata: { name: node-a }
spec: { podCIDRs: [10.244.1.0/24] }
status: { addresses: [{ type: InternalIP, address: 192.168.77.10 }] }
---
`;
const { settings: SETTINGS } = readConfig({
  flags: { 'hostname-override': ['node-a'], 'cluster-cidr': ['10.244.0.0/16'] },
});

interface Shop {
  readonly spec?: string;
  readonly type?: string;
  readonly endpoints?: readonly string[];
  readonly name?: string;
}

/** @param endpoints `address node` */
function shop({ spec = '', type = 'NodePort', endpoints = TWO, name = 'shop' }: Shop = {}): string {
  return `${NODE}apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: web }
spec:
  type: ${type}
  clusterIP: 10.96.0.10
  clusterIPs: [10.96.0.10]
  ipFamilies: [IPv4]
  ports: [{ port: 80, targetPort: 8080, protocol: TCP${type === 'ClusterIP' ? '' : ', nodePort: 30080'} }]
${spec}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${name}-1, namespace: web, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ port: 8080, protocol: TCP, name: "" }]
endpoints: ${JSON.stringify(
    endpoints.map((endpoint) => {
      const [address, nodeName] = endpoint.split(' ');
      return { addresses: [address], nodeName, conditions: { ready: true } };
    }),
  )}
`;
}

const TWO = ['10.244.1.5 node-a', '10.244.2.7 node-b'];

function words(before: Shop, after: Shop): readonly string[] {
  const [from, to] = [before, after].map((each) => ({ state: ofManifests(shop(each), SETTINGS) }));
  if (from === undefined || to === undefined) throw new Error('two states are needed');
  return wordsOf(differenceOf(from, to, 'ipv4', SETTINGS));
}

describe('a difference in words', () => {
  it('is none where nothing differs', () => {
    expect(words({}, {})).toEqual([]);
  });

  it('tells of endpoints that are added', () => {
    expect(words({}, { endpoints: [...TWO, '10.244.2.8 node-b'] })).toEqual([
      'web/shop clusterIP: 2 -> 3 endpoints, 1/2 -> 1/3 each',
      'web/shop nodePort: 2 -> 3 endpoints, 1/2 -> 1/3 each',
    ]);
  });

  it('tells of endpoints that are exchanged', () => {
    expect(words({}, { endpoints: ['10.244.1.5 node-a', '10.244.2.9 node-b'] })).toEqual([
      'web/shop clusterIP: 1 of 2 endpoints exchanged',
      'web/shop nodePort: 1 of 2 endpoints exchanged',
    ]);
  });

  it('tells that nobody is left, and that somebody is back', () => {
    expect(words({}, { endpoints: [] })).toEqual([
      'web/shop clusterIP: now refused: no endpoints',
      'web/shop nodePort: now refused: no endpoints',
    ]);
    expect(words({ endpoints: [] }, {})).toEqual([
      'web/shop clusterIP: no longer refused: 2 endpoints, 1/2 each',
      'web/shop nodePort: no longer refused: 2 endpoints, 1/2 each',
    ]);
  });

  it('tells what policy Local does', () => {
    expect(words({}, { spec: '  externalTrafficPolicy: Local' })).toEqual([
      'web/shop nodePort: 2 -> 1 endpoint, 1/2 -> all',
      'web/shop nodePort: no longer masquerades: client addresses become visible',
      'web/shop nodePort: pods of this node: no longer masquerades: their addresses become visible',
      'web/shop nodePort: external traffic policy Local: nodes without a local endpoint will drop',
    ]);
    const elsewhere = ['10.244.2.7 node-b'];
    expect(
      words({ endpoints: elsewhere }, { endpoints: elsewhere, spec: '  externalTrafficPolicy: Local' }),
    ).toContain('web/shop nodePort: now dropped: no endpoint for them on this node');
  });

  it('tells of session affinity', () => {
    const sticky = { spec: '  sessionAffinity: ClientIP' };
    expect(words({}, sticky)[0]).toBe('web/shop clusterIP: session affinity 3 h added');
    expect(words(sticky, {})[0]).toBe('web/shop clusterIP: session affinity 3 h removed');
    const short = {
      spec: '  sessionAffinity: ClientIP\n  sessionAffinityConfig: { clientIP: { timeoutSeconds: 90 } }',
    };
    expect(words(sticky, short)[0]).toBe('web/shop clusterIP: session affinity 3 h -> 90 s');
  });

  it('tells of source ranges', () => {
    // The address is the load balancer's in the status.
    const status = '\nstatus: { loadBalancer: { ingress: [{ ip: 203.0.113.30 }] } }';
    const open = { type: 'LoadBalancer', spec: status };
    const limited = { type: 'LoadBalancer', spec: `  loadBalancerSourceRanges: [10.0.0.0/8]${status}` };
    expect(words(open, limited)).toContain('web/shop loadBalancerIP: only 10.0.0.0/8 may come in');
    expect(words(limited, open)).toContain(
      'web/shop loadBalancerIP: everybody may come in, no longer only 10.0.0.0/8',
    );
  });

  it('tells of services and entries that come and go', () => {
    const empty = { state: ofManifests(NODE, SETTINGS) };
    const full = { state: ofManifests(shop(), SETTINGS) };
    const both = ['web/shop clusterIP', 'web/shop nodePort'];
    expect(wordsOf(differenceOf(empty, full, 'ipv4', SETTINGS))).toEqual(
      both.map((name) => `${name}: added with it`),
    );
    expect(wordsOf(differenceOf(full, empty, 'ipv4', SETTINGS))).toEqual(
      both.map((name) => `${name}: removed with it`),
    );
    expect(words({ type: 'ClusterIP' }, {})).toEqual(['web/shop nodePort: added']);
    expect(words({}, { name: 'other' })).toEqual([
      'web/other clusterIP: of web/other, no longer of web/shop',
      'web/other nodePort: of web/other, no longer of web/shop',
    ]);
  });
});

describe('a change of one rule of kube-proxy', () => {
  function after(
    change: (line: string) => string | undefined,
    caseName = 'nodeport/webapp1-two-replicas',
  ): readonly string[] {
    const folder = casesIn(RULE_BOOK).find(({ name }) => name === caseName);
    if (folder === undefined) throw new Error('the case is missing');
    const { cluster, settings } = loadCase(folder);
    const { identity } = chooseNode(cluster, settings);
    const state = { kind: 'scene', name: '', scene: { cluster, settings, identity, warnings: [] } } as const;
    const captured = expectedRules(folder, 'ipv4');
    const text = captured
      .split('\n')
      .map(change)
      .filter((line) => line !== undefined)
      .join('\n');
    expect(text).not.toBe(captured);
    return wordsOf(
      differenceOf({ state, layout: CLASSIC }, { state: ofRules(text, 'ipv4') }, 'ipv4', settings),
    );
  }

  it('is seen in the shares', () => {
    expect(
      after((line) => line.replace('--probability 0.50000000000', '--probability 0.25000000000')),
    ).toEqual(expect.arrayContaining([expect.stringContaining('other shares of the same 2 endpoints')]));
  });

  it('is seen in who is masqueraded', () => {
    const unmasked = after((line) => (/^-A KUBE-EXT-.*KUBE-MARK-MASQ/.test(line) ? undefined : line));
    expect(unmasked).toEqual(
      expect.arrayContaining([expect.stringContaining('client addresses become visible')]),
    );
    // Packets still go to the endpoints of all nodes.
    expect(unmasked.join('\n')).not.toContain('policy');
    const withoutHairpin = after(
      (line) => (/^-A KUBE-SEP-.* -s .*KUBE-MARK-MASQ/.test(line) ? undefined : line),
      'clusterip/ten-endpoints',
    );
    expect(withoutHairpin).toEqual(
      expect.arrayContaining([expect.stringContaining('endpoints that ask for themselves get no answer')]),
    );
  });

  it('is seen in what is missing', () => {
    expect(after((line) => (line.startsWith('-A KUBE-NODEPORTS ') ? undefined : line))).toEqual(
      expect.arrayContaining([expect.stringContaining('nodePort: removed')]),
    );
    expect(after((line) => (line.includes('this must be the last rule') ? undefined : line))).toEqual(
      expect.arrayContaining([expect.stringContaining('node ports answer on no address')]),
    );
  });
});
