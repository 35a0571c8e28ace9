import type { ApiObject, Plural } from '../../api/fake-store.ts';
import { pickFrom, type Random } from '../../support/crowd.ts';
import { between, chance, drawn } from './random.ts';
import {
  changedService,
  randomService,
  serviceObject,
  SERVICES,
  type Key,
  type ServicePlan,
} from './services.ts';
import {
  changedSlice,
  NODE_NAME,
  PARTS,
  randomSlice,
  sliceKey,
  sliceObject,
  type SlicePlan,
} from './slices.ts';

/* A small cluster, and what happens in it: a sequence of steps that a seed decides. */

/** What the API server is told; without an object it is that the object is gone. */
export interface ApiChange {
  readonly plural: Plural;
  readonly key: string;
  readonly object: ApiObject | undefined;
}

export interface NodePlan {
  readonly zone: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly addresses: readonly string[];
  readonly podCIDRs: readonly string[];
  /** About to be removed, by a taint or by deletion. */
  readonly leaving: 'taint' | 'deletion' | undefined;
  readonly isGone: boolean;
}

/** What happens at once, before both proxies are compared. */
export interface Step {
  readonly changes: readonly ApiChange[];
  /** Of the node's interface, beside those that it always has. */
  readonly interfaceAddresses: readonly string[];
  readonly restart: 'theirs' | 'ours' | undefined;
  /** The watches break before the changes, and the API server forgets what happened: all is listed anew. */
  readonly isCutOff: boolean;
  /** The node as it is then. */
  readonly node: NodePlan;
}

interface State {
  readonly services: Map<Key, ServicePlan>;
  readonly slices: Map<Key, SlicePlan>;
  node: NodePlan;
  interfaceAddresses: readonly string[];
}

export const FIRST_NODE: NodePlan = {
  zone: 'zone-1',
  labels: {},
  addresses: ['192.168.77.10', 'fd00:77::10'],
  podCIDRs: ['10.244.1.0/24', 'fd00:244:0:1::/64'],
  leaving: undefined,
  isGone: false,
};

const LEAVING_TAINT = { key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule', value: '1763726400' };

/** Addresses that the node's interface may have besides. */
const MORE_ADDRESSES = ['192.168.77.11', '192.168.78.1', '10.9.0.1', 'fd00:77::11', 'fd00:9::1'];

/** The first step makes the cluster, each other one changes a few things of it. */
export function* randomSteps(random: Random, count: number): Iterable<Step> {
  const state: State = {
    services: new Map(),
    slices: new Map(),
    node: FIRST_NODE,
    interfaceAddresses: [],
  };
  const first = Array.from({ length: between(random, 0, 40) }, () => clusterChange(state, random)).flat();
  yield stepOf(state, [nodeChange(FIRST_NODE), ...first]);
  for (let index = 0; index < count; index += 1) {
    const many = chance(random, 0.1) ? between(random, 8, 20) : between(random, 1, 4);
    if (chance(random, 0.08)) state.interfaceAddresses = drawn(MORE_ADDRESSES, random, 3);
    // One at most: kube-proxy could not read at its start what the node was before it was gone.
    const ofNode = chance(random, 0.15) ? [changeNode(state, random)] : [];
    const ofCluster = Array.from({ length: many }, () => clusterChange(state, random)).flat();
    const changes = chance(random, 0.5) ? [...ofNode, ...ofCluster] : [...ofCluster, ...ofNode];
    const restart = chance(random, 0.04) ? pickFrom(['theirs', 'ours'] as const, random) : undefined;
    yield { ...stepOf(state, changes), restart, isCutOff: chance(random, 0.04) };
  }
}

function stepOf({ node, interfaceAddresses }: State, changes: readonly ApiChange[]): Step {
  return { changes, interfaceAddresses, restart: undefined, isCutOff: false, node };
}

function changeNode(state: State, random: Random): ApiChange {
  state.node = changedNode(state.node, random);
  return nodeChange(state.node);
}

function changedNode(node: NodePlan, random: Random): NodePlan {
  if (node.isGone) return { ...node, isGone: false };
  const field = pickFrom(
    ['zone', 'zone', 'zone', 'labels', 'addresses', 'podCIDRs', 'leaving', 'isGone'] as const,
    random,
  );
  const others: Pick<NodePlan, typeof field> = {
    zone: chance(random, 0.2) ? undefined : pickFrom(['zone-1', 'zone-2', 'zone-3'], random),
    labels: { 'topology.kubernetes.io/region': pickFrom(['north', 'south'], random) },
    addresses: pickFrom(
      [
        FIRST_NODE.addresses,
        ['192.168.77.10'],
        ['fd00:77::10', '192.168.77.10'],
        ['192.168.77.11', 'fd00:77::11'],
      ],
      random,
    ),
    podCIDRs: pickFrom([FIRST_NODE.podCIDRs, ['10.244.1.0/24'], ['fd00:244::/64', '10.244.2.0/24']], random),
    leaving: chance(random, 0.4) ? undefined : pickFrom(['taint', 'deletion'] as const, random),
    isGone: true,
  };
  return { ...node, [field]: others[field] };
}

function nodeChange({ zone, labels, addresses, podCIDRs, leaving, isGone }: NodePlan): ApiChange {
  const zoned = zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone };
  const object = {
    metadata: {
      name: NODE_NAME,
      labels: { ...labels, ...zoned },
      ...(leaving === 'deletion' && { deletionTimestamp: '2026-11-21T12:00:00Z' }),
    },
    spec: { podCIDR: podCIDRs[0], podCIDRs, taints: leaving === 'taint' ? [LEAVING_TAINT] : [] },
    status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
  };
  return { plural: 'nodes', key: NODE_NAME, object: isGone ? undefined : object };
}

/** Of a service, of a slice, or of both, as a controller follows the other's change. */
function clusterChange(state: State, random: Random): readonly ApiChange[] {
  const key = pickFrom(SERVICES, random);
  const kind = pickFrom(['service', 'slice', 'slice', 'both', 'both', 'both'] as const, random);
  const ofService = kind === 'slice' ? [] : [serviceChange(state, key, random)];
  return kind === 'service' ? ofService : [...ofService, sliceChange(state, key, random)];
}

function serviceChange({ services }: State, key: Key, random: Random): ApiChange {
  const before = services.get(key);
  if (before !== undefined && chance(random, 0.15)) {
    services.delete(key);
    return { plural: 'services', key, object: undefined };
  }
  const isNew = before === undefined || chance(random, 0.1);
  const plan = isNew ? randomService(random) : changedService(before, random);
  services.set(key, plan);
  return { plural: 'services', key, object: serviceObject(key, plan) };
}

function sliceChange({ services, slices }: State, service: Key, random: Random): ApiChange {
  const families = services.get(service)?.families ?? (['IPv4', 'IPv6'] as const);
  // What a slice is of never changes.
  const family = chance(random, 0.03) ? 'FQDN' : pickFrom(families, random);
  const part = pickFrom(PARTS, random);
  const key = sliceKey(service, { part, family });
  const before = slices.get(key);
  if (before !== undefined && chance(random, 0.12)) {
    slices.delete(key);
    return { plural: 'endpointslices', key, object: undefined };
  }
  const ofService = services.get(service);
  const isNew = before === undefined || chance(random, 0.2);
  const plan = isNew ? randomSlice(ofService, part, family, random) : changedSlice(before, ofService, random);
  slices.set(key, plan);
  return { plural: 'endpointslices', key, object: sliceObject(service, plan, key) };
}
