import type { ApiChange, Step } from './cluster.ts';
import { runSequence, type Disagreement } from './sequence.ts';
import type { StageOptions } from './stage.ts';

/* A disagreement in as few steps and as few objects as show it. */

/** What shows a disagreement, at its last step. */
export interface Counterexample {
  readonly steps: readonly Step[];
  readonly found: Disagreement;
}

/** Milliseconds. Each try starts both proxies anew. */
const MOST_TIME = 120_000;

export async function shrunk(
  options: StageOptions,
  { steps, found }: Counterexample,
): Promise<Counterexample> {
  const end = Date.now() + MOST_TIME;
  const attempt = async (fewer: readonly Step[]): Promise<Counterexample | undefined> => {
    if (Date.now() > end) return undefined;
    const again = await runSequence(options, fewer);
    return again && { steps: fewer.slice(0, again.at + 1), found: again };
  };
  const whole = steps.slice(0, found.at + 1);
  let best: Counterexample = (await attempt(withoutHistory(whole))) ?? { steps: whole, found };
  for (const owner of new Set(whole.flatMap(({ changes }) => changes.map(ownerOf)))) {
    if (owner !== 'node')
      best = (await attempt(without(best.steps, (change) => ownerOf(change) === owner))) ?? best;
  }
  for (const change of best.steps.at(-1)?.changes ?? []) {
    if (ownerOf(change) !== 'node')
      best = (await attempt(without(best.steps, (other) => other === change))) ?? best;
  }
  return best;
}

/** The cluster as it is before the last step, made at once, and the last step. */
function withoutHistory(steps: readonly Step[]): readonly Step[] {
  const [last, before] = [steps.at(-1), steps.at(-2)];
  if (last === undefined || before === undefined) return steps;
  const objects = new Map<string, ApiChange>();
  for (const { changes } of steps.slice(0, -1)) {
    for (const change of changes) {
      // A node that is gone is what it was before; without one kube-proxy would not even start.
      if (change.plural !== 'nodes' || change.object !== undefined) {
        objects.set(`${change.plural} ${change.key}`, change);
      }
    }
  }
  const changes = [...objects.values()].filter(({ object }) => object !== undefined);
  return [{ ...before, changes, restart: undefined, isCutOff: false }, last];
}

function without(steps: readonly Step[], isLeftOut: (change: ApiChange) => boolean): readonly Step[] {
  return steps.map((step) => ({ ...step, changes: step.changes.filter((change) => !isLeftOut(change)) }));
}

/** The service that an object belongs to. */
function ownerOf({ plural, key }: ApiChange): string {
  if (plural === 'nodes') return 'node';
  return plural === 'services' ? key : key.replace(/-[ab]-ipv[46]$/, '');
}
