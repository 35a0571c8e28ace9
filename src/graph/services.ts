import {
  chainKey,
  keyOf,
  type ChainKey,
  type GraphChain,
  type RuleGraph,
  type RulePlace,
} from './rule-graph.ts';
import { isOfOnePort, ruleFacts, type RuleFacts } from './rule-facts.ts';

/** One way into a service: a rule about one port. */
export interface Frontend {
  readonly place: RulePlace;
  readonly facts: RuleFacts;
}

/** A service as far as the rules know it. */
export interface GraphService {
  /** `namespace/name`; where no rule says whose it is, its first address or port. */
  readonly name: string;
  readonly frontends: readonly Frontend[];
}

/** Chains that tell services apart, and who leads there. */
export interface Dispatch {
  readonly services: ReadonlyMap<string, GraphService>;
  /** Every chain that tells services apart, with the one that the telling begins at. */
  readonly roots: ReadonlyMap<ChainKey, ChainKey>;
  /** Rules that lead into these chains, and those of the kernel's own chains that lead anywhere. */
  readonly callers: ReadonlyMap<ChainKey, readonly RulePlace[]>;
}

const BASE_CHAINS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const;

export function isBaseChain(name: string): boolean {
  return BASE_CHAINS.some((base) => base === name);
}

/** Where kube-proxy's dispatch begins; what these lead to without naming one port is dispatch as well. */
const DISPATCH_ROOTS = [
  chainKey('nat', 'KUBE-SERVICES'),
  chainKey('nat', 'KUBE-NODEPORTS'),
  chainKey('filter', 'KUBE-SERVICES'),
  chainKey('filter', 'KUBE-NODEPORTS'),
  chainKey('filter', 'KUBE-EXTERNAL-SERVICES'),
  chainKey('filter', 'KUBE-PROXY-FIREWALL'),
] as const;

/**
 * Finds the services behind the dispatch chains, by the shape of the rules and not by the names of chains, so
 * that any layout will do: a rule about one port is a way into a service, any other jump leads to a chain
 * that tells services apart still further.
 */
export function dispatchOf(graph: RuleGraph): Dispatch {
  const roots = new Map<ChainKey, ChainKey>();
  const callers = new Map<ChainKey, RulePlace[]>();
  const frontends: Frontend[] = [];
  const call = (target: ChainKey, place: RulePlace): void => {
    const places = callers.get(target);
    if (places === undefined) callers.set(target, [place]);
    else places.push(place);
  };
  const waiting = DISPATCH_ROOTS.map((key) => ({ key, root: key }));
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { key, root } = next;
    const chain = graph.chains.get(key);
    if (chain === undefined || roots.has(key)) continue;
    roots.set(key, root);
    for (const [index, { text }] of chain.rules.entries()) {
      const facts = ruleFacts(text);
      const place = { chain: key, index };
      const target = targetKey(graph, chain, facts);
      if (isOfOnePort(facts)) frontends.push({ place, facts });
      else if (target !== undefined) {
        call(target, place);
        waiting.push({ key: target, root });
      }
    }
  }
  for (const chain of baseChains(graph)) {
    for (const [index, { text }] of chain.rules.entries()) {
      const target = targetKey(graph, chain, ruleFacts(text));
      if (target !== undefined) call(target, { chain: keyOf(chain), index });
    }
  }
  return { services: byService(graph, frontends), roots, callers };
}

export function baseChains(graph: RuleGraph): readonly GraphChain[] {
  return (['nat', 'filter'] as const).flatMap((table) =>
    BASE_CHAINS.flatMap((name) => graph.chains.get(chainKey(table, name)) ?? []),
  );
}

/** Where a rule of a chain leads; undefined where that is no chain of the graph. */
export function targetKey(graph: RuleGraph, from: GraphChain, facts: RuleFacts): ChainKey | undefined {
  if (facts.target === '') return undefined;
  const key = chainKey(from.table, facts.target);
  return graph.chains.has(key) ? key : undefined;
}

function byService(graph: RuleGraph, frontends: readonly Frontend[]): ReadonlyMap<string, GraphService> {
  const nameOf = naming(graph, frontends);
  const services = new Map<string, Frontend[]>();
  for (const frontend of frontends) {
    const name = nameOf(frontend);
    const known = services.get(name);
    if (known === undefined) services.set(name, [frontend]);
    else known.push(frontend);
  }
  const sorted = [...services].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(sorted.map(([name, ways]) => [name, { name, frontends: ways }]));
}

/**
 * A rule that does not say whose it is has the name of another one about the same address and port, or of
 * another one that leads to chains with the same hash. Where none is said, the first address stands for it.
 */
function naming(graph: RuleGraph, frontends: readonly Frontend[]): (frontend: Frontend) => string {
  const known = new Map<string, string>();
  const learn = (key: string | undefined, name: string): void => {
    if (key !== undefined && !known.has(key)) known.set(key, name);
  };
  for (const frontend of frontends) {
    const name = saidName(graph, frontend);
    if (name === undefined) continue;
    learn(frontendText(frontend.facts), name);
    learn(chainHash(frontend.facts.target), name);
  }
  for (const { facts } of frontends) {
    const text = frontendText(facts);
    const hash = chainHash(facts.target);
    const name = known.get(text) ?? (hash === undefined ? undefined : known.get(hash)) ?? text;
    learn(text, name);
    learn(hash, name);
  }
  return (frontend) => {
    const text = frontendText(frontend.facts);
    return saidName(graph, frontend) ?? known.get(text) ?? text;
  };
}

function saidName(graph: RuleGraph, { place, facts }: Frontend): string | undefined {
  const from = graph.chains.get(place.chain);
  const target = from && targetKey(graph, from, facts);
  const service = target === undefined ? undefined : graph.chains.get(target)?.service;
  return service ?? serviceInComment(facts.comment);
}

/** `web/shop` of `web/shop:http cluster IP`, as kube-proxy's comments begin. */
function serviceInComment(comment: string): string | undefined {
  return /^([a-z0-9.-]+\/[a-z0-9.-]+)(?::\S*)?(?: |$)/.exec(comment)?.[1];
}

/** What the chains of one service port have in common. */
function chainHash(chain: string): string | undefined {
  return /^KUBE-(?:SVC|SVL|EXT|FW|XLB)-(.+)$/.exec(chain)?.[1];
}

/** `10.96.0.10:53/udp`, `:30080/tcp` of a node port. */
export function frontendText({ destination = '', ports = '', protocol = '' }: RuleFacts): string {
  const address = hostText(destination);
  return `${address.includes(':') ? `[${address}]` : address}:${ports}/${protocol}`;
}

/** An address without the length that tells it from a network. */
export function hostText(cidr: string): string {
  return cidr.replace(/\/(?:32|128)$/, '');
}
