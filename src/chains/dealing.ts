import { compareText } from '../routing/endpoints.ts';
import type { Endpoint, Route } from '../routing/route.ts';
import { comment, jump } from './build.ts';
import { partOf } from './chance.ts';
import { endpointGroupName, type ChainName } from './names.ts';
import { sharedBits, treeOf, type Keyed, type Tree, type TreeShape } from './prefix-tree.ts';
import type { Chain, Match, Rule } from './rule.ts';
import { endpointRules, stickyRule, type ServiceChainOptions } from './service-chains.ts';
import { itemsOf, type Item } from './tree-chains.ts';

/** How a chain spreads connections over endpoints. */
export interface Dealing {
  readonly rules: readonly Rule[];
  /** Chains of parts of the endpoints, those that others jump to first. */
  readonly groups: readonly Chain[];
  /** Endpoints that need chains of their own. */
  readonly jumpsTo: ReadonlySet<Endpoint>;
}

export interface DealingContext {
  readonly route: Route;
  readonly options: ServiceChainOptions;
  readonly nameOf: (endpoint: Endpoint) => ChainName;
  /** The list of clients that come back to the endpoint; undefined without session affinity. */
  readonly clientsOf: (endpoint: Endpoint) => ChainName | undefined;
  readonly chainOf: (name: ChainName, rules: readonly Rule[]) => Chain;
}

/** Past so many endpoints a tree is walked in fewer rules than a list. */
const LONGEST_LIST = 32;

/**
 * Deals out connections evenly. Each chain's last endpoint stands in the chain itself: its rules are
 * reached only when it is chosen, as in a chain of its own. Where clients come back to their endpoint there
 * are two ways to it, and it keeps its chain; but one endpoint alone is where everybody comes back to.
 *
 * @param chain whose rules these are
 */
export function dealing(endpoints: readonly Endpoint[], chain: ChainName, context: DealingContext): Dealing {
  const { route, options, nameOf, clientsOf, chainOf } = context;
  const { affinitySeconds } = route;
  const comesBack = affinitySeconds !== undefined && endpoints.length > 1;
  const groups: Chain[] = [];
  const jumpsTo = new Set<Endpoint>(comesBack ? endpoints : []);
  const sticky = comesBack
    ? endpoints.map((endpoint) => stickyRule(route, endpoint, nameOf(endpoint), affinitySeconds, options))
    : [];
  return { rules: [...sticky, ...dealtRules(firstItems(endpoints))], groups, jumpsTo };

  function dealtRules(items: readonly Item<KeyedEndpoint>[]): readonly Rule[] {
    let remaining = items.reduce((sum, item) => sum + sizeOf(item), 0);
    return items.flatMap((item) => {
      const size = sizeOf(item);
      const chance: readonly Match[] =
        size < remaining ? [{ kind: 'chance', chance: partOf(size, remaining) }] : [];
      remaining -= size;
      if (item.kind === 'chain') return [{ matches: chance, target: jump(group(item.tree)) }];
      const { endpoint } = item.value;
      if (remaining === 0 && !comesBack) return endpointRules(route, endpoint, clientsOf(endpoint), options);
      jumpsTo.add(endpoint);
      const comments = options.endpointComments ? [comment(`${route.label} -> ${endpoint.text}`)] : [];
      return [{ matches: [...comments, ...chance], target: jump(nameOf(endpoint)) }];
    });
  }

  function group(part: Tree<KeyedEndpoint>): ChainName {
    const name = endpointGroupName(chain, prefixText(part));
    const rules = dealtRules(itemsOf(part));
    groups.push(chainOf(name, rules));
    return name;
  }
}

/** An endpoint with a hash of its text: endpoints that come and go leave most groups as they are. */
interface KeyedEndpoint extends Keyed {
  readonly endpoint: Endpoint;
}

const SHAPE: TreeShape<KeyedEndpoint> = {
  wholeByte: -1,
  rank: (a, b) => compareText(a.endpoint.text, b.endpoint.text),
};

function firstItems(endpoints: readonly Endpoint[]): readonly Item<KeyedEndpoint>[] {
  if (endpoints.length <= LONGEST_LIST) {
    return endpoints.map((endpoint) => ({ kind: 'value', value: { key: '', endpoint } }));
  }
  const tree = treeOf(
    endpoints.map((endpoint) => ({ key: hashBytes(endpoint.text), endpoint })),
    SHAPE,
  );
  return tree === undefined ? [] : itemsOf(tree);
}

/** The bits that the hashes of a part have in common. */
function prefixText(part: Tree<KeyedEndpoint>): string {
  const bits = Array.from(part.key, (byte) => byte.charCodeAt(0).toString(2).padStart(8, '0'));
  return bits.join('').slice(0, sharedBits(part));
}

function sizeOf(item: Item<KeyedEndpoint>): number {
  return item.kind === 'chain' ? item.tree.size : 1;
}

/** Four bytes that spread alike texts well: FNV-1a with the last step of MurmurHash3. */
function hashBytes(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return String.fromCharCode((hash >>> 24) & 0xff, (hash >>> 16) & 0xff, (hash >>> 8) & 0xff, hash & 0xff);
}
