import { familyOf, parseAddress, type Address, type Family } from '../net/address.ts';

/** One direction of a connection. */
export interface Tuple {
  readonly source: Address;
  readonly destination: Address;
  /** undefined for protocols without ports, such as ICMP. */
  readonly sourcePort: number | undefined;
  readonly destinationPort: number | undefined;
}

/** What the kernel remembers of one connection. */
export interface Entry {
  readonly family: Family;
  /** As the tool spells it: `tcp`, `udp`, `sctp`, `icmp`, `unknown` … */
  readonly protocol: string;
  /** Until it is forgotten, if nothing more comes; undefined for flows that hardware or a flow table took over. */
  readonly secondsLeft: number | undefined;
  /** `ESTABLISHED` and the like, for protocols that have states. */
  readonly state: string | undefined;
  /** As the client sent it. */
  readonly original: Tuple;
  /** As the answer looks: its source is who was chosen to answer, its destination whom the server sees. */
  readonly reply: Tuple;
  /** Nobody has answered yet. */
  readonly unreplied: boolean;
  readonly assured: boolean;
  readonly mark: number;
  readonly id: number | undefined;
}

/** A tuple of theirs without ports is no tuple. */
const WITH_PORTS: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp', 'dccp', 'udplite']);

/**
 * Reads a line of `conntrack -L`, with or without `-o extended` and `-o id`:
 *
 *     ipv4 2 tcp 6 86399 ESTABLISHED src=… dst=… sport=… dport=… src=… dst=… sport=… dport=… [ASSURED] mark=0 use=1
 *
 * @returns undefined where the line is no entry
 */
export function parseEntry(line: string): Entry | undefined {
  const words = line.split(' ').filter((word) => word !== '');
  const start = words.findIndex((word) => word.startsWith('src='));
  const head = start < 0 ? undefined : parseHead(words.slice(0, start));
  if (head === undefined) return undefined;
  const second = words.findIndex((word, index) => index > start && word.startsWith('src='));
  if (second < 0) return undefined;
  const original = parseTuple(words.slice(start, second), head.protocol);
  const rest = words.slice(second);
  const reply = parseTuple(rest, head.protocol);
  if (original === undefined || reply === undefined) return undefined;
  const family = familyOf(original.source);
  if (head.family !== undefined && head.family !== family) return undefined;
  if (familyOf(reply.source) !== family) return undefined;
  return {
    family,
    protocol: head.protocol,
    secondsLeft: head.secondsLeft,
    state: head.state,
    original,
    reply,
    unreplied: words.includes('[UNREPLIED]'),
    assured: rest.includes('[ASSURED]'),
    mark: numberAfter('mark=', rest) ?? 0,
    // An ICMP tuple has an id of its own, before the one of the entry.
    id: numberAfter('id=', rest.slice(rest.findIndex((word) => word.startsWith('use=')) + 1)),
  };
}

interface Head {
  readonly family: Family | undefined;
  readonly protocol: string;
  readonly secondsLeft: number | undefined;
  readonly state: string | undefined;
}

function parseHead(words: readonly string[]): Head | undefined {
  const [first] = words;
  const family = first === 'ipv4' || first === 'ipv6' ? first : undefined;
  const [protocol, number, ...rest] = family === undefined ? words : words.slice(2);
  if (protocol === undefined || number === undefined || !isNumber(number)) return undefined;
  return {
    family,
    protocol,
    secondsLeft: rest.filter(isNumber).map(Number)[0],
    state: rest.find((word) => /^[A-Z][A-Z0-9_]*$/.test(word)),
  };
}

function parseTuple(words: readonly string[], protocol: string): Tuple | undefined {
  const source = parseAddress(valueOf('src=', words) ?? '');
  const destination = parseAddress(valueOf('dst=', words) ?? '');
  if (source === undefined || destination === undefined) return undefined;
  if (familyOf(source) !== familyOf(destination)) return undefined;
  const sourcePort = portAfter('sport=', words);
  const destinationPort = portAfter('dport=', words);
  const lacksPorts = sourcePort === undefined || destinationPort === undefined;
  if (lacksPorts && WITH_PORTS.has(protocol)) return undefined;
  return { source, destination, sourcePort, destinationPort };
}

function portAfter(prefix: string, words: readonly string[]): number | undefined {
  const port = numberAfter(prefix, words);
  return port !== undefined && port <= 65_535 ? port : undefined;
}

function numberAfter(prefix: string, words: readonly string[]): number | undefined {
  const value = valueOf(prefix, words);
  return value !== undefined && isNumber(value) ? Number(value) : undefined;
}

function valueOf(prefix: string, words: readonly string[]): string | undefined {
  return words.find((word) => word.startsWith(prefix))?.slice(prefix.length);
}

function isNumber(word: string): boolean {
  return /^\d{1,10}$/.test(word);
}
