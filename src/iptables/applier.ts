import type { Ruleset } from '../chains/rule.ts';
import type { Backend, BackendKind } from './backend.ts';
import { isNothingToDo, plan, type Plan } from './plan.ts';
import { planLines, type Tuning } from './restore-text.ts';
import { restore } from './restore.ts';
import { readSnapshot } from './snapshot.ts';

/**
 * For each chain that a line names, the restore tool of the nft backend searches a sorted list from its
 * head, so that a long section takes quadratic time: 10,000 services of two endpoints take a minute.
 * Sections keep the list short, but for each the kernel walks through all chains of the table, so that the
 * more there are, the longer sections should be. For dispatch rules in descending order every search ends at once.
 * The legacy tool copies the whole table at each section's end: there one is best.
 */
const TUNING: Readonly<Record<BackendKind, Tuning>> = {
  nft: { sectionChains: (before) => Math.max(300, Math.sqrt(6 * before)), dispatchByTarget: true },
  legacy: { sectionChains: () => Infinity, dispatchByTarget: false },
};

/**
 * Makes the kernel hold exactly this ruleset, whatever of ours it held before: writes the chains that
 * differ, adds the jumps that are missing and deletes the chains of services that are gone. What is
 * right already is not touched, whoever wrote it.
 *
 * @param keep services whose chains stay as the kernel has them
 * @returns what had to be changed
 * @throws RestoreError with the offending line, ToolError where a tool is missing or is stopped
 */
export async function applyRuleset(
  ruleset: Ruleset,
  backend: Backend,
  keep: ReadonlySet<string> = new Set(),
): Promise<Plan> {
  const changes = plan(ruleset, await readSnapshot(backend), keep);
  if (!isNothingToDo(changes)) await carryOut(changes, backend);
  return changes;
}

/** Carries a plan out, in the way that suits the backend. */
export async function carryOut(changes: Plan, backend: Backend): Promise<void> {
  await restore(backend, () => planLines(changes, TUNING[backend.kind]));
}
