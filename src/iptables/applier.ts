import type { Ruleset } from '../chains/rule.ts';
import type { Backend } from './backend.ts';
import { isNothingToDo, plan, type Plan } from './plan.ts';
import { planLines } from './restore-text.ts';
import { restore } from './restore.ts';
import { tuningOf } from './sections.ts';
import { readSnapshot } from './snapshot.ts';

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
  await restore(backend, () => planLines(changes, tuningOf(backend.kind)));
}
