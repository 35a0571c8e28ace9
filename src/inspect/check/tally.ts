import { textAt, type Program } from '../program.ts';
import type { Complaint, ComplaintKind } from './complaint.ts';
import type { Probe } from './probes.ts';
import { packetWords } from './words.ts';

/** A packet that proves the rules wrong, and how many more do it in the same way. */
export interface Counterexample {
  readonly kind: ComplaintKind;
  /** `namespace/name`, or `namespace/name:port`; undefined for what every node has. */
  readonly service: string | undefined;
  readonly to: string;
  readonly from: string;
  readonly packet: string;
  readonly expected: string;
  readonly found: string;
  /** The rule that decides, or where one is missing, the last that led towards it. */
  readonly rule: { readonly table: string; readonly chain: string; readonly text: string } | undefined;
  readonly isMissing: boolean;
  /** The chains that the packet went through. */
  readonly way: readonly string[];
  /** Packets of this service that went wrong in the same way at the same rule, this one among them. */
  readonly packets: number;
}

/** Counterexamples as they come: a few are kept, all are counted. */
export interface Tally {
  readonly add: (probe: Probe, complaint: Complaint) => void;
  readonly counterexamples: () => readonly Counterexample[];
  /** How many there would have been without a limit. */
  readonly total: () => number;
}

export function tallyUpTo(limit: number, program: Program): Tally {
  const counts = new Map<string, number>();
  const kept = new Map<string, Counterexample>();
  return {
    add: (probe, complaint) => {
      const key = groupKey(probe, complaint);
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (kept.size < limit && !kept.has(key)) kept.set(key, counterexample(probe, complaint, program));
    },
    counterexamples: () =>
      [...kept].map(([key, example]) => ({ ...example, packets: counts.get(key) ?? example.packets })),
    total: () => counts.size,
  };
}

function groupKey({ service = '' }: Probe, { kind, place }: Complaint): string {
  const where = place === undefined ? '' : `${place.table} ${place.chain} ${place.rule}`;
  return `${service} ${kind} ${where}`;
}

function counterexample(probe: Probe, complaint: Complaint, program: Program): Counterexample {
  const { kind, expected, found, place, isMissing, path } = complaint;
  const text = place && textAt(program, place);
  return {
    kind,
    service: probe.service,
    to: probe.to,
    from: probe.from.who,
    packet: packetWords(probe.packet),
    expected,
    found,
    rule: place && text !== undefined ? { table: place.table, chain: place.chain, text } : undefined,
    isMissing,
    way: [...new Set(path.map(({ table, chain }) => `${table} ${chain}`))],
    packets: 1,
  };
}
