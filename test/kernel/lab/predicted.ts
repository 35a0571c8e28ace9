import { execa } from 'execa';
import type { Scene } from '../../../src/routing/scene.ts';
import { explain, type Question } from '../../../src/explain/explain.ts';
import type { WayEntry } from '../../../src/explain/schema.ts';
import { situationOfNode, type Rules } from '../../../src/explain/situation-of-node.ts';
import { programOfSave } from '../../../src/inspect/program.ts';
import { backendOf } from '../../../src/iptables/backend.ts';
import type { Lab, LabRequest } from '../../../src/lab/lab.ts';
import type { SpokenProtocol } from '../../../src/lab/protocol.ts';
import { NODE } from '../../../src/lab/topology.ts';
import { FAMILIES, familyOf, joinHostPort, type Address, type Family } from '../../../src/net/address.ts';
import type { Host } from '../../../src/routing/node-view.ts';
import { NODE_V4, NODE_V6 } from './scenes.ts';

const LAB_HOST: Host = {
  interfaceAddresses: ['127.0.0.1', '::1', NODE_V4, NODE_V6] as readonly string[] as Address[],
  conntrackLiberal: false,
};

/** A node without rules says nothing, so that both families always have an entry. */
export type Dumps = Readonly<Record<Family, Rules>>;

/** The rules that a lab's node has in its kernel. */
export async function dumpsOf(lab: Lab): Promise<Dumps> {
  const [ipv4, ipv6] = await Promise.all(FAMILIES.map((family) => dumpOf(lab, family)));
  if (ipv4 === undefined || ipv6 === undefined) throw new Error('a family has no rules');
  return { ipv4, ipv6 };
}

async function dumpOf(lab: Lab, family: Family): Promise<Rules> {
  const [file, ...args] = backendOf(lab.backend, family, lab.via(NODE)).save;
  const { stdout } = await execa(file, args);
  return { kind: 'found', program: programOfSave(stdout.split('\n'), family), machine: undefined };
}

/** What `explain` says of one packet on the lab's node. */
export function wayOf(
  scene: Scene,
  rules: Rules,
  from: LabRequest['from'],
  to: { readonly address: string; readonly port: number; readonly protocol?: SpokenProtocol },
): WayEntry {
  const destination = { ...to, address: to.address as Address, protocol: to.protocol ?? 'tcp' };
  const question: Question = { kind: 'destination', destination };
  const situation = situationOfNode({ ...scene, host: LAB_HOST }, familyOf(destination.address), rules);
  const source = from.slice(from.indexOf(':') + 1) as Address;
  const asker =
    from === 'node' || from === 'outside'
      ? { kind: from }
      : { kind: 'address' as const, address: source, isPod: from.startsWith('pod') };
  const [way] = explain(question, asker, [situation]).ways;
  if (way === undefined) throw new Error('nothing was explained');
  return way;
}

/** What requests of a lab must come to, if a way is right. */
export interface Prediction {
  readonly places: readonly string[];
  readonly sources: readonly string[];
}

const FAILURES = {
  refused: 'refused',
  dropped: 'timeout',
  unknown: 'unknown',
  untouched: 'untouched',
} as const;

export function prediction({ branches, from }: WayEntry): Prediction {
  const ends = branches.map(({ outcome, address, port }) =>
    outcome === 'endpoint' ? joinHostPort(address as Address, port ?? 0) : FAILURES[outcome],
  );
  const node = from.address.includes(':') ? NODE_V6 : NODE_V4;
  const seen = branches.flatMap(({ outcome, masqueraded }) =>
    outcome === 'endpoint' ? [masqueraded ? node : from.address] : [],
  );
  return { places: [...new Set(ends)].sort(), sources: [...new Set(seen)].sort() };
}
