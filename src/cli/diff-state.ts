import { rulesetOf } from '../chains/layout.ts';
import type { LayoutSettings } from '../chains/layout-choice.ts';
import type { FlagValues } from '../config/flags.ts';
import { entryKey, type DispatchEntry } from '../diff/dispatch-entries.ts';
import type { RulesOnNode } from '../diff/recover.ts';
import { entriesOfRoute } from '../explain/entries.ts';
import { nodeAddressesInRules } from '../explain/view-of-rules.ts';
import { nodeFacts } from '../inspect/facts.ts';
import { localPodsIn } from '../inspect/local-pods.ts';
import { programOf, programOfSave, type Program } from '../inspect/program.ts';
import type { Settings } from '../model/settings.ts';
import { isLoopback, type Address, type Family } from '../net/address.ts';
import { InputError } from '../problems/problem.ts';
import {
  nodeView,
  type Host,
  type LocalPods,
  type NodeIdentity,
  type NodeView,
} from '../routing/node-view.ts';
import { clusterRoutes } from '../routing/routes.ts';
import { liveScene } from './live-scene.ts';
import { nameOfInput } from './read-input.ts';
import { readKernelRules, readSavedRules } from './saved-rules.ts';
import type { Scene } from '../routing/scene.ts';
import { dryHost, loadScene } from './scene.ts';
import { warn } from './terminal.ts';

/** One of the two states, as the user named it. */
export interface StateName {
  /** Paths of manifests; `cluster`, `kernel` or `rules:FILE`. */
  readonly words: readonly string[];
  readonly option: '--from' | '--to';
}

/** A state as it was read: what the cluster says, or rules alone. */
export type ReadState = { readonly name: string; readonly isOfThisMachine?: boolean } & (
  | { readonly kind: 'scene'; readonly scene: Scene }
  | { readonly kind: 'rules'; readonly programs: ReadonlyMap<Family, Program> }
);

export interface ReadOptions {
  /** Manifests of both states. */
  readonly shared: readonly string[];
  readonly flags: FlagValues;
  readonly families: readonly Family[];
}

/** @throws InputError with everything that is wrong with what was read */
export async function readState(state: StateName, options: ReadOptions): Promise<ReadState> {
  const { words, option } = state;
  const { shared, flags, families } = options;
  const [first = ''] = words;
  if (words.length > 1 && words.some(isSpecial)) {
    const message = 'expected cluster, kernel or rules:FILE alone, or paths of manifests';
    throw new InputError([{ where: option, path: '', message }]);
  }
  if (first === 'kernel') {
    const { name, rules } = await readKernelRules(families);
    return { kind: 'rules', name, isOfThisMachine: true, programs: byFamily(rules) };
  }
  if (first.startsWith('rules:')) {
    const path = first.slice('rules:'.length);
    return {
      kind: 'rules',
      name: nameOfInput(path),
      programs: byFamily(await readSavedRules(path, families)),
    };
  }
  const scene =
    first === 'cluster'
      ? await liveScene('api', flags, warn)
      : await loadScene({ filename: [...shared, ...words], flags });
  scene.warnings.forEach(warn);
  return { kind: 'scene', name: words.map(nameOfInput).join(', '), scene };
}

export function isSpecial(word: string): boolean {
  return word === 'cluster' || word === 'kernel' || word.startsWith('rules:');
}

/** Whether a comparison that leaves the family out leaves services out. */
export function hasServices(state: ReadState, family: Family): boolean {
  if (state.kind === 'rules') return state.programs.has(family);
  return state.scene.cluster.services.some(({ families }) => families.includes(family));
}

function byFamily(rules: readonly { readonly program: Program }[]): ReadonlyMap<Family, Program> {
  return new Map(rules.map(({ program }) => [program.family, program]));
}

/** What rules do not tell of their node, and the other state may. */
export interface Borrowed {
  readonly identity: NodeIdentity | undefined;
  readonly localPods: LocalPods;
}

/** What a state tells of its node to rules that do not. */
export function lendable(state: ReadState, family: Family, settings: Settings): Borrowed {
  if (state.kind === 'rules') {
    const program = state.programs.get(family);
    return {
      identity: undefined,
      localPods: program === undefined ? { kind: 'unknown' } : localPodsIn(program),
    };
  }
  const { identity } = state.scene;
  return { identity, localPods: nodeView(family, settings, identity, dryHost(identity)).localPods };
}

/** What the rules of a state are looked at with. */
export interface Surroundings {
  readonly settings: Settings;
  /** Of rules that are made. */
  readonly layout: LayoutSettings;
  /** undefined where this machine has no part in the comparison. */
  readonly host: Host | undefined;
  readonly other: Borrowed;
}

export function rulesOnNode(state: ReadState, family: Family, around: Surroundings): RulesOnNode {
  if (state.kind === 'rules') return foundRules(state.programs.get(family), family, around);
  const { settings, layout } = around;
  const { cluster, identity } = state.scene;
  const host = around.host ?? dryHost(identity);
  const view = nodeView(family, settings, identity, host);
  const services = clusterRoutes(cluster, view);
  const owners = new Map<string, Pick<DispatchEntry, 'service' | 'kind'>>();
  for (const route of services.flatMap(({ routes }) => routes)) {
    // Any address stands for the node: of a node port only the port tells.
    for (const { kind, service, protocol, address, port } of entriesOfRoute(
      route,
      { ...view, nodePorts: { kind: 'anyLocalAddress', loopback: true } },
      [...host.interfaceAddresses, SOME_NODE[family]],
    )) {
      const key = entryKey({ protocol, address: kind === 'nodePort' ? undefined : address, port });
      if (!owners.has(key)) owners.set(key, { kind, service });
    }
  }
  return {
    program: programOf(rulesetOf(layout, services, view)),
    view,
    facts: nodeFacts(host.interfaceAddresses),
    owners,
  };
}

/** Stands for a node whose addresses nobody tells (RFC 5737, RFC 3849). */
const SOME_NODE: Readonly<Record<Family, Address>> = {
  ipv4: '192.0.2.1' as Address,
  ipv6: '2001:db8::1' as Address,
};

function foundRules(
  found: Program | undefined,
  family: Family,
  { settings, host: machine, other: { identity, localPods: lent } }: Surroundings,
): RulesOnNode {
  const program = found ?? programOfSave([], family);
  const inRules = nodeAddressesInRules(program, family, undefined);
  const lentAddresses = identity?.node === undefined ? inRules : dryHost(identity).interfaceAddresses;
  const own = machine?.interfaceAddresses ?? lentAddresses;
  const host = { interfaceAddresses: own, conntrackLiberal: false };
  const base = nodeView(family, settings, identity ?? { name: '', node: undefined }, host);
  const told = localPodsIn(program);
  const localPods = told.kind === 'unknown' ? lent : told;
  return {
    program,
    view: { ...base, address: nodeAddress(base, own), localPods },
    facts: nodeFacts(own),
    owners: new Map(),
  };
}

function nodeAddress({ family, address }: NodeView, own: readonly Address[]): Address {
  if (own.includes(address)) return address;
  const isOuter = (each: Address): boolean => each.includes(':') === (family === 'ipv6') && !isLoopback(each);
  return own.find(isOuter) ?? address;
}
