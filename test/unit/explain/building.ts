import type { LayoutName } from '../../../src/chains/layout-choice.ts';
import { rulesetOf } from '../../../src/chains/layout.ts';
import { chooseNode } from '../../../src/cluster/identity.ts';
import { readManifests } from '../../../src/cluster/manifests.ts';
import { readConfig } from '../../../src/config/load.ts';
import type { From } from '../../../src/explain/askers.ts';
import { explain, type Explained, type Question } from '../../../src/explain/explain.ts';
import type { Machine, Situation } from '../../../src/explain/situation.ts';
import { nodeAddressesInRules, viewOfRules } from '../../../src/explain/view-of-rules.ts';
import { claimsOf } from '../../../src/inspect/check/claims.ts';
import { nodeFacts } from '../../../src/inspect/facts.ts';
import { programOf, programOfSave, type Program } from '../../../src/inspect/program.ts';
import type { Protocol } from '../../../src/model/objects.ts';
import type { Address, Family } from '../../../src/net/address.ts';
import { nodeView, type Host } from '../../../src/routing/node-view.ts';
import { clusterRoutes } from '../../../src/routing/routes.ts';

export const NODE = '192.168.77.10';
export const NODE_V6 = 'fd00:77::10';

export interface SetUp {
  readonly objects: readonly object[];
  /** kube-proxy's. */
  readonly flags?: Readonly<Record<string, string[]>>;
  readonly layout?: LayoutName;
  readonly family?: Family;
  /** Rules as they were found: of other objects, or changed by hand. By default those of the objects. */
  readonly found?: (made: string, rulesOf: (objects: readonly object[]) => string) => string;
  readonly machine?: Machine;
  /** Nobody but the rules says anything. */
  readonly rulesOnly?: boolean;
}

const HOST: Host = {
  interfaceAddresses: ['127.0.0.1', '::1', NODE, NODE_V6] as readonly string[] as Address[],
  conntrackLiberal: false,
};

export function ask(setUp: SetUp, question: Question, from: From = { kind: 'default' }): Explained {
  return explain(question, from, [situationOf(setUp)]);
}

export function to(address: string, port: number, protocol: Protocol = 'tcp'): Question {
  return { kind: 'destination', destination: { address: address as Address, port, protocol } };
}

export function service(name: string, protocol?: Protocol): Question {
  return { kind: 'service', name, protocol };
}

export function fromAddress(address: string, isPod = false): From {
  return { kind: 'address', address: address as Address, isPod };
}

function situationOf(setUp: SetUp): Situation {
  const { objects, family = 'ipv4', found, machine, rulesOnly = false } = setUp;
  const { view, cluster, program: made } = madeOf(setUp, objects);
  const routes = clusterRoutes(cluster, view).flatMap((each) => each.routes);
  const rulesOf = (others: readonly object[]): string => saveText(madeOf(setUp, others).program);
  const program =
    found === undefined ? made : programOfSave(found(saveText(made), rulesOf).split('\n'), family);
  if (rulesOnly) {
    const own = nodeAddressesInRules(program, family, undefined);
    const facts = nodeFacts([...own, ...HOST.interfaceAddresses]);
    const viewed = viewOfRules(program, { ...view, localPods: { kind: 'unknown' } }, own);
    return { view: viewed, facts, program, rulesAre: 'found', wanted: undefined, machine };
  }
  return {
    view,
    facts: nodeFacts(HOST.interfaceAddresses),
    program,
    rulesAre: found === undefined ? 'made' : 'found',
    wanted: { cluster, routes, claims: claimsOf(routes) },
    machine,
  };
}

function madeOf({ flags = {}, layout = 'classic', family = 'ipv4' }: SetUp, objects: readonly object[]) {
  const texts = objects.map((object, index) => ({ name: `object ${index}`, text: JSON.stringify(object) }));
  const { cluster } = readManifests(texts);
  const { settings } = readConfig({
    flags: { 'cluster-cidr': ['10.244.0.0/16,fd00:10:244::/48'], 'hostname-override': ['node-a'], ...flags },
  });
  const view = nodeView(family, settings, chooseNode(cluster, settings).identity, HOST);
  const program = programOf(
    rulesetOf({ name: layout, comments: 'always' }, clusterRoutes(cluster, view), view),
  );
  return { view, cluster, program };
}

/** As iptables-save would print it. */
function saveText({ tables }: Program): string {
  return [...tables.values()]
    .map(({ name, chains }) =>
      [
        `*${name}`,
        ...[...chains.values()].map((chain) => `:${chain.name} ${chain.policy ?? '-'} [0:0]`),
        ...[...chains.values()].flatMap((chain) => chain.rules.map(({ text }) => text())),
        'COMMIT',
        '',
      ].join('\n'),
    )
    .join('');
}

export const NODE_A = nodeObject('node-a', [NODE, NODE_V6], 'zone-1');
export const NODE_B = nodeObject('node-b', ['192.168.77.11', 'fd00:77::11'], 'zone-2');

function nodeObject(name: string, addresses: readonly string[], zone: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
    status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
  };
}

export interface ServiceParts {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: object;
  readonly ingress?: readonly object[];
}

/** web/shop: a node port 30080 with a cluster IP, but for what is said. */
export function shop({
  name = 'shop',
  namespace = 'web',
  labels = {},
  spec = {},
  ingress = [],
}: ServiceParts = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels },
    spec: {
      type: 'NodePort',
      clusterIP: '10.96.0.10',
      ports: [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30080 }],
      ...spec,
    },
    status: { loadBalancer: { ingress } },
  };
}

export interface SliceParts {
  readonly name?: string;
  readonly namespace?: string;
  readonly service?: string;
  readonly addressType?: 'IPv4' | 'IPv6';
  readonly ports?: readonly object[];
  readonly endpoints?: readonly object[];
}

/** One ready endpoint on each of the two nodes, but for what is said. */
export function slice({
  service: serviceName = 'shop',
  name = `${serviceName}-1`,
  namespace = 'web',
  addressType = 'IPv4',
  ports = [{ name: 'http', protocol: 'TCP', port: 8080 }],
  endpoints = [endpoint('10.244.1.10', 'node-a'), endpoint('10.244.2.10', 'node-b')],
}: SliceParts = {}): object {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': serviceName } },
    addressType,
    ports,
    endpoints,
  };
}

export function endpoint(address: string, nodeName: string, parts: object = {}): object {
  return { addresses: [address], nodeName, ...parts };
}
