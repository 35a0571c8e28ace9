import { isLastRule } from '../chains/fixed.ts';

/**
 * A number that stands for a text: 53 bits, so that of a million different texts no two are likely to
 * share one. Comparing the kernel's rules with ours by it spares keeping either as text.
 */
function fingerprint(text: string, seed = 0): number {
  let high = 0xdeadbeef ^ seed;
  let low = 0x41c6ce57 ^ (seed / 2 ** 21);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return 4_294_967_296 * (2_097_151 & low) + (high >>> 0);
}

/** A chain without rules, in whose place nothing has been added yet. */
export const EMPTY_CHAIN = 0;

const SPAN = 2 ** 53;
const MISPLACED = -1;

/** A chain's fingerprint after one more rule, where rules are evaluated one after the other. */
export function addOrdered(chain: number, rule: string): number {
  return fingerprint(rule, chain);
}

/**
 * The same for a dispatch chain, whose rules do not overlap: in another order they are the same chain.
 * Only the node-port jumps must come last; a chain in which they do not is like no other.
 */
export function addUnordered(chain: number, rule: string, afterLastRule: boolean): number {
  if (chain === MISPLACED || (afterLastRule && !isLastRule(rule))) return MISPLACED;
  const term = fingerprint(rule);
  // The sum modulo 2^53, by ways that stay within what a number holds exactly.
  return chain >= SPAN - term ? chain - (SPAN - term) : chain + term;
}
