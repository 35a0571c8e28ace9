import { FAMILIES, type Family } from '../net/address.ts';
import { compareText } from '../routing/endpoints.ts';
import type { NodeIdentity } from '../routing/node-view.ts';
import type { NodeRules } from './file.ts';

/** How the rules of a node are made. */
export interface RulesOfNodes {
  /** Equal texts for equal rules. */
  readonly rulesOf: (identity: NodeIdentity, family: Family) => string;
  /** Equal only for nodes with equal rules, and cheaper than these. */
  readonly keyOf: (identity: NodeIdentity, family: Family) => string;
}

/**
 * The rules of nodes, each kind once: nodes with the same rules in a family share an entry. On a large
 * cluster most do, since only what is local to a node sets it apart.
 */
export function rulesByNodes(
  identities: readonly NodeIdentity[],
  { rulesOf, keyOf }: RulesOfNodes,
): readonly NodeRules[] {
  const sorted = [...identities].sort((a, b) => compareText(a.name, b.name));
  return FAMILIES.flatMap((family) => {
    // Only texts that differ are kept: those of 300 nodes would not fit in memory.
    const byRules = new Map<string, Kind>();
    const byKey = new Map<string, Kind>();
    for (const identity of sorted) {
      const key = keyOf(identity, family);
      const kind = byKey.get(key) ?? kindOf(byRules, rulesOf(identity, family));
      byKey.set(key, kind);
      kind.nodes.push(identity.name);
    }
    return Array.from(byRules.values(), ({ rules, nodes }): NodeRules => ({ family, nodes, rules }));
  });
}

interface Kind {
  readonly rules: string;
  readonly nodes: string[];
}

function kindOf(byRules: Map<string, Kind>, rules: string): Kind {
  const known = byRules.get(rules);
  if (known !== undefined) return known;
  const kind: Kind = { rules, nodes: [] };
  byRules.set(rules, kind);
  return kind;
}
