import { isHost, type Cidr } from '../net/address.ts';
import type { Protocol } from '../model/objects.ts';
import type { InspectedRule } from './inspected-rule.ts';

/**
 * Which rules of a long chain may match a packet, by its destination: a packet need not be held against
 * ten thousand rules that are each for one other address.
 */
export interface ChainIndex {
  /** Positions in ascending order. All rules in between do not match. */
  readonly candidates: (to: Cidr, protocol: Protocol, port: number) => readonly number[];
}

/** With fewer rules that can be told by destination, looking each up costs as much as asking. */
const WORTHWHILE = 12;

/** undefined where it would not pay. */
export function chainIndex(rules: readonly InspectedRule[]): ChainIndex | undefined {
  const byKey = new Map<string, number[]>();
  const anywhere: number[] = [];
  rules.forEach((rule, position) => {
    const key = destinationKey(rule);
    if (key === undefined) anywhere.push(position);
    else addTo(byKey, key, position);
  });
  if (rules.length - anywhere.length < WORTHWHILE) return undefined;
  return {
    candidates: (to, protocol, port) => {
      const lists = [anywhere, ...keysOf(to, protocol, port).map((key) => byKey.get(key) ?? [])];
      const filled = lists.filter(({ length }) => length > 0);
      const [only = []] = filled;
      return filled.length < 2 ? only : filled.flat().sort((a, b) => a - b);
    },
  };
}

function addTo(byKey: Map<string, number[]>, key: string, position: number): void {
  const positions = byKey.get(key);
  if (positions === undefined) byKey.set(key, [position]);
  else positions.push(position);
}

/** What the packet's destination must be for the rule to match; undefined where no one key says it. */
function destinationKey({ destination, matches }: InspectedRule): string | undefined {
  const host = destination?.not === false && isHost(destination.value) ? destination.value : undefined;
  const port = matches.find((match) => match.kind === 'destinationPort');
  if (port === undefined) return host;
  return host === undefined ? portKey(port.protocol, port.port) : bothKey(host, port.protocol, port.port);
}

function keysOf(to: Cidr, protocol: Protocol, port: number): readonly string[] {
  return [to, portKey(protocol, port), bothKey(to, protocol, port)];
}

function portKey(protocol: Protocol, port: number): string {
  return `${protocol} ${port}`;
}

function bothKey(host: Cidr, protocol: Protocol, port: number): string {
  return `${host} ${protocol} ${port}`;
}
