import { ruleFacts } from '../rule-facts.ts';
import { keyOf, type RuleGraph } from '../rule-graph.ts';
import { chainsBelow } from '../service-picture.ts';
import { frontendText, type Dispatch, type GraphService } from '../services.ts';
import type { View } from './view.ts';

/** Something that can be found and opened. */
export interface Entry {
  readonly name: string;
  /** What it answers on, or what it is. */
  readonly about: string;
  readonly view: View;
  /** Whether it is listed where nothing is searched for. */
  readonly always: boolean;
  /** All that it can be found by. */
  words: readonly string[];
}

/** An entry that was found, and by what. */
export interface Found {
  readonly entry: Entry;
  /** Empty where its name was enough. */
  readonly by: string;
}

const MOST_WAYS = 2;

/** Services by their names, addresses and ports. What lies behind those is added by `addChains`. */
export function serviceEntries({ services }: Dispatch): readonly Entry[] {
  return Array.from(services.values(), (service): Entry => {
    const ways = waysInto(service);
    const more = ways.length > MOST_WAYS ? `, ${ways.length - MOST_WAYS} more` : '';
    const { name } = service;
    const about = ways.slice(0, MOST_WAYS).join(', ') + more;
    return { name, about, view: { kind: 'service', name }, always: true, words: [name, ...ways] };
  });
}

/** Addresses before node ports. */
function waysInto({ frontends }: GraphService): readonly string[] {
  const addresses = new Set<string>();
  const ports = new Set<string>();
  for (const { facts } of frontends) {
    if (facts.destination === undefined) ports.add(`node port ${facts.ports ?? ''}/${facts.protocol ?? ''}`);
    else addresses.add(frontendText(facts));
  }
  return [...addresses, ...ports];
}

/** Chains that no service owns: found by their names. */
export function chainEntries(graph: RuleGraph, owned: ReadonlySet<string>): readonly Entry[] {
  return [...graph.chains.values()].flatMap((chain): readonly Entry[] => {
    const key = keyOf(chain);
    if (owned.has(key)) return [];
    const about = `chain of the ${chain.table} table`;
    return [
      { name: chain.name, about, view: { kind: 'chain', chain: key }, always: false, words: [chain.name] },
    ];
  });
}

/** Adds a service's chains and endpoints to the words it is found by, and its chains to those that are owned. */
export function addChains(graph: RuleGraph, service: GraphService, entry: Entry, owned: Set<string>): void {
  const chains: string[] = [];
  const endpoints = new Set<string>();
  for (const key of chainsBelow(graph, service, Infinity)) {
    const chain = graph.chains.get(key);
    if (chain === undefined) continue;
    owned.add(key);
    chains.push(chain.name);
    for (const { text } of chain.rules) {
      if (!text.includes(' --to-destination ')) continue;
      const { endpoint } = ruleFacts(text);
      if (endpoint !== undefined) endpoints.add(endpoint);
    }
  }
  entry.words = [...entry.words, ...endpoints, ...chains];
}

/** Entries that hold every word of the query; those that begin with it come first. */
export function search(entries: readonly Entry[], query: string): readonly Found[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const [first] = words;
  if (first === undefined) return entries.flatMap((entry) => (entry.always ? [{ entry, by: '' }] : []));
  const best: Found[] = [];
  const byName: Found[] = [];
  const byOther: Found[] = [];
  for (const entry of entries) {
    const by = foundBy(entry, words);
    if (by === undefined) continue;
    if (by !== '') byOther.push({ entry, by });
    else if (entry.name.startsWith(first) || entry.name.includes(`/${first}`)) best.push({ entry, by });
    else byName.push({ entry, by });
  }
  return [...best, ...byName, ...byOther];
}

/** undefined where a word is not found; empty where the name and what stands beside it have them all. */
function foundBy(entry: Entry, words: readonly string[]): string | undefined {
  let by = '';
  for (const word of words) {
    const holder = entry.words.find((text) => text.toLowerCase().includes(word));
    if (holder === undefined) return undefined;
    if (holder !== entry.name && !entry.about.includes(holder)) by = holder;
  }
  return by;
}
