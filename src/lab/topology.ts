import type { Address, Family } from '../net/address.ts';
import type { Listener } from './protocol.ts';

/** One machine of the lab: a network namespace with addresses. */
export interface Machine {
  /** The name under which `ip netns` knows it. */
  readonly namespace: string;
  /** Primary addresses of each family first. */
  readonly addresses: readonly Address[];
}

/** A node, ours or another: it forwards to its pods. */
export interface NodeMachine extends Machine {
  /** The Node's name; empty where nobody named it. */
  readonly nodeName: string;
}

export interface PodMachine extends Machine {
  /** The namespace of its node. */
  readonly on: string;
  /** The node's interface towards it. */
  readonly hostInterface: string;
}

/** What is built: everybody on one switch, but pods, which are behind their nodes. */
export interface Topology {
  readonly families: readonly Family[];
  /** The node whose rules are tried. */
  readonly node: NodeMachine;
  /** At least one. */
  readonly others: readonly NodeMachine[];
  readonly client: Machine;
  readonly pods: readonly PodMachine[];
  /** The bridge that the pods of our node hang on; undefined where each has a link of its own. */
  readonly bridge: string | undefined;
  /** Who listens where, by namespace. */
  readonly listeners: ReadonlyMap<string, readonly Listener[]>;
  /** What the lab does not play. */
  readonly notes: readonly string[];
}

export const NODE = 'node';
export const CLIENT = 'client';

/** All machines that are on the switch. */
export function onSwitch({ client, node, others }: Topology): readonly Machine[] {
  return [client, node, ...others];
}
