import type { Branch } from './branch.ts';
import { left, taken } from './fraction.ts';
import type { Answer, Header } from './header.ts';
import { answerTo } from './question.ts';
import type { ProgramRule } from './program.ts';

/** How a rule divides a branch: the part that matches, and those that do not. */
export interface Division {
  readonly hit: Branch | undefined;
  readonly missed: readonly Branch[];
  /** What could not be answered: whether `hit` matches is not known. */
  readonly unknown: string | undefined;
}

/** Chances are counted in 2^-31. Rules that others wrote may have one of 0. */
const CERTAIN = 2 ** 31;
const NEVER = 0;

/** @param ofHeader what the rule's header says: the same for all branches */
export function divide(
  rule: ProgramRule,
  header: Header,
  branch: Branch,
  ofHeader: Exclude<Answer, false>,
): Division {
  let unknown = ofHeader === true ? undefined : ofHeader.part;
  let hit = branch;
  const missed: Branch[] = [];
  for (const question of rule.questions) {
    if (question.kind === 'chance') {
      if (question.chance === NEVER) return { hit: undefined, missed: [...missed, hit], unknown: undefined };
      if (question.chance === CERTAIN) continue;
      missed.push({ ...hit, probability: left(hit.probability, question.chance) });
      hit = { ...hit, probability: taken(hit.probability, question.chance) };
    } else if (question.kind === 'rememberSource') {
      hit = { ...hit, seen: new Set([...(hit.seen ?? []), question.list]) };
    } else {
      const answer = answerTo(question, header, hit);
      if (answer === false) return { hit: undefined, missed: [...missed, hit], unknown: undefined };
      if (answer !== true) unknown ??= answer.part;
    }
  }
  return { hit, missed, unknown };
}
