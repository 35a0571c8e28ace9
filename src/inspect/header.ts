import type { ConnectionState, Negatable } from '../chains/rule.ts';
import type { Protocol } from '../model/objects.ts';
import { passes, type AddressTest, type TestedAddress } from './address-test.ts';
import type { NodeFacts } from './facts.ts';
import type { ProgramRule } from './program.ts';

/** What rules can ask of a packet that does not change while it is in one chain of the kernel's own. */
export interface Header {
  readonly protocol: Protocol;
  /** undefined: an address of the node, chosen by the kernel when it masqueraded. */
  readonly source: TestedAddress | undefined;
  readonly sourcePort: number | undefined;
  readonly destination: TestedAddress;
  readonly destinationPort: number;
  /** Empty where the packet comes from the node itself; undefined where nobody knows. */
  readonly inInterface: string | undefined;
  /** Empty where the packet goes to the node itself; undefined where nobody knows. */
  readonly outInterface: string | undefined;
  readonly bridged: boolean;
  readonly states: readonly ConnectionState[];
  readonly facts: NodeFacts;
}

/** What a question that cannot be answered was, in the words of iptables-save. */
export interface Unknown {
  readonly part: string;
}

export type Answer = boolean | Unknown;

/** Whether the header is what the rule's `-s`, `-d`, `-p`, `-i` and `-o` ask for. */
export function headerAnswer({ rule, source, destination }: ProgramRule, header: Header): Answer {
  if (rule.protocol !== undefined && rule.protocol !== header.protocol) return false;
  if (destination !== undefined && !passes(destination, header.destination)) return false;
  const ofSource = source === undefined || sourceAnswer(source, header);
  if (ofSource === false) return false;
  const ofIn = interfaceAnswer('-i', rule.inInterface, header.inInterface);
  if (ofIn === false) return false;
  const ofOut = interfaceAnswer('-o', rule.outInterface, header.outInterface);
  if (ofOut === false) return false;
  if (ofSource !== true) return ofSource;
  return ofIn === true ? ofOut : ofIn;
}

function sourceAnswer(test: AddressTest, { source }: Header): Answer {
  if (source !== undefined) return passes(test, source);
  return { part: `${test.not ? '! ' : ''}-s ${test.network}, once the source was masqueraded` };
}

function interfaceAnswer(
  option: '-i' | '-o',
  asked: Negatable<string> | undefined,
  name: string | undefined,
): Answer {
  if (asked === undefined) return true;
  const { not, value } = asked;
  if (value === '+') return !not;
  if (name === undefined) return { part: `${not ? '! ' : ''}${option} ${value}` };
  const matches = value.endsWith('+') ? name.startsWith(value.slice(0, -1)) : name === value;
  return matches !== not;
}
