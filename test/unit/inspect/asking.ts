import { fatesOf } from '../../../src/inspect/evaluate.ts';
import { nodeFacts, type NodeFacts } from '../../../src/inspect/facts.ts';
import { equal, ONE, sum, toNumber } from '../../../src/inspect/fraction.ts';
import type { Packet } from '../../../src/inspect/packet.ts';
import { programOfSave, type Program } from '../../../src/inspect/program.ts';
import type { Address } from '../../../src/net/address.ts';
import { outcomeInWords } from '../../support/fate-words.ts';

export const NODE = '192.168.77.10' as Address;
export const CLIENT = '192.168.77.100' as Address;
export const POD = '10.244.1.10' as Address;
export const FACTS: NodeFacts = nodeFacts([NODE]);

/** A packet from outside to port 80 of somewhere beyond the node, but for what is said. */
export function packet(
  fields: Partial<Omit<Packet, 'inInterface'>> & { inInterface?: string | undefined } = {},
): Packet {
  return {
    family: 'ipv4',
    protocol: 'tcp',
    source: CLIENT,
    destination: '10.0.0.1' as Address,
    destinationPort: 80,
    inInterface: 'eth0',
    ...fields,
  };
}

/** The tables' own chains need not be declared. */
export function program(...lines: readonly string[]): Program {
  return programOfSave(lines, 'ipv4');
}

/** One table of a program. */
export function table(name: string, ...lines: readonly string[]): readonly string[] {
  return [`*${name}`, ...lines, 'COMMIT'];
}

/** Fates in words, with their probabilities: `dropped: -A INPUT -j DROP`. */
export function fatesInWords(
  program: Program,
  packet: Packet,
  facts: NodeFacts = FACTS,
): Readonly<Record<string, number>> {
  const fates = fatesOf(program, packet, facts);
  if (!equal(sum(fates.map(({ probability }) => probability)), ONE))
    throw new Error('not all is accounted for');
  return Object.fromEntries(
    fates.map(({ outcome, probability }) => [outcomeInWords(outcome, program), toNumber(probability)]),
  );
}
