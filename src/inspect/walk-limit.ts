import { placeOf, type Branch, type Step } from './branch.ts';

/** A rule, and the chain that it is in. */
type Place = Pick<Step, 'chain' | 'position'>;

/**
 * A packet has more ways through the rules than can be followed. Chains that each jump twice to the next one
 * double them, and so does each rule that marks a part of the packets.
 */
export class TooManyWaysError extends Error {
  constructor({ chain, position }: Place, why: string) {
    const place = placeOf(chain, position);
    super(`table ${place.table}, chain ${place.chain}, rule ${place.rule}: ${why}`);
    this.name = 'TooManyWaysError';
  }
}

/** What may still be spent on one packet, in tenths of a step. */
export interface WalkLimit {
  tenthsLeft: number;
}

/**
 * A step is a branch that a rule divides, be it into all and nothing. 65,000 endpoints, each with its own way
 * through FORWARD and POSTROUTING, take a fifth of these.
 */
const MOST_STEPS = 5_000_000;
/** Branches that later rules can tell apart. Those of a service proxy make a handful. */
const MOST_BRANCHES = 4_000;
/** Chains inside one another. nft takes 16 of them. */
const MOST_CHAINS = 500;

export function walkLimit(): WalkLimit {
  return { tenthsLeft: 10 * MOST_STEPS };
}

/** @throws TooManyWaysError where nothing is left */
export function spendOnHeader(limit: WalkLimit, place: Place): void {
  limit.tenthsLeft -= 1;
  if (limit.tenthsLeft >= 0) return;
  const why = 'chains jump to each other too often, or leave too much to chance';
  throw new TooManyWaysError(place, `after ${words(MOST_STEPS)} steps one packet is not through: ${why}`);
}

/**
 * Where chance follows on chance the probabilities become long numbers, which cost more.
 *
 * @throws TooManyWaysError where the branches are too many
 */
export function spendOnBranches(limit: WalkLimit, branches: readonly Branch[], place: Place): void {
  for (const { probability } of branches) limit.tenthsLeft -= 10 + (probability.bits >> 7);
  if (branches.length <= MOST_BRANCHES) return;
  const what = 'ways to come here with another mark, or on other lists';
  throw new TooManyWaysError(place, `one packet has more than ${words(MOST_BRANCHES)} ${what}`);
}

/**
 * @param inside how many chains the packet is in
 * @throws TooManyWaysError where one more is too many
 */
export function expectRoom(inside: number, place: Place): void {
  if (inside < MOST_CHAINS) return;
  throw new TooManyWaysError(place, `${words(MOST_CHAINS)} chains are inside one another here`);
}

function words(count: number): string {
  return count.toLocaleString('en');
}
