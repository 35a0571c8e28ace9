import type { DrawnChain } from './cards.ts';
import type { Edge, Picture } from './picture.ts';

/**
 * Makes a picture of cards: leaves out a service's chains that no jump shown leads to, puts the others in an
 * order without jumps back, and works out how much reaches each jump.
 *
 * @param asked the chain that the picture is about, which stays whatever leads to it
 */
export function assemble(
  title: string,
  subtitle: string,
  drawn: readonly DrawnChain[],
  asked?: string,
): Picture {
  const reach = new Map<string, number>();
  const edges: Edge[] = [];
  const kept = inOrder(drawn).filter(({ card, jumps }) => {
    const isOwn = card.tone === 'service' || card.tone === 'endpoint';
    const isReached = reach.has(card.id);
    if (isOwn && !isReached && card.id !== asked && card.chain !== undefined) return false;
    const arriving = reach.get(card.id) ?? 1;
    for (const { row, to, share } of jumps) {
      const edge = { from: card.id, row, to, reach: arriving * share.value, conditional: share.conditional };
      edges.push(edge);
      reach.set(to, Math.max(reach.get(to) ?? 0, edge.reach));
    }
    return true;
  });
  return { title, subtitle, cards: kept.map(({ card }) => card), edges };
}

/** Each card after all that lead to it. iptables refuses loops; of a damaged dump the jump that closes one goes. */
function inOrder(drawn: readonly DrawnChain[]): readonly DrawnChain[] {
  const byId = new Map(drawn.map((chain) => [chain.card.id, chain]));
  const called = new Set(drawn.flatMap(({ jumps }) => jumps.map(({ to }): string => to)));
  const begun = new Set<string>();
  const ended = new Set<string>();
  const backwards: DrawnChain[] = [];
  // Not by calling itself: of a damaged dump chains may lead to each other further than functions may.
  const visit = (start: DrawnChain): void => {
    const path = [begin(start)];
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const jump = last.waiting.pop();
      if (jump === undefined) {
        path.pop();
        ended.add(last.chain.card.id);
        backwards.push(last.chain);
        continue;
      }
      const target = byId.get(jump.to);
      if (target !== undefined && !begun.has(jump.to)) path.push(begin(target));
    }
  };
  const begin = (chain: DrawnChain) => {
    begun.add(chain.card.id);
    const jumps = chain.jumps.filter(({ to }) => !begun.has(to) || ended.has(to));
    return { chain: { ...chain, jumps }, waiting: [...jumps] };
  };
  const first = drawn.filter(({ card }) => !called.has(card.id));
  for (const chain of [...drawn, ...first].reverse()) if (!begun.has(chain.card.id)) visit(chain);
  return backwards.reverse();
}
