import type { Family } from '../net/address.ts';
import { carryOut } from './delete.ts';
import { deletions } from './deletions.ts';
import { listEntries, type Listed } from './list.ts';
import { searchStale, type StaleEntry } from './stale.ts';
import { onlyProtocol, subjectsOf, type ConntrackScene } from './subjects.ts';
import { isMissing } from './tool.ts';
import type { StaleReason } from './verdict.ts';

export interface CleanRequest extends ConntrackScene {
  readonly family: Family;
  /** A command that runs another one elsewhere, such as `ip netns exec node`. */
  readonly via?: readonly string[];
}

export type CleanOutcome =
  | ({ readonly kind: 'cleaned' } & Listed & Counts)
  /** No service port could have stale entries: the table was not read. */
  | { readonly kind: 'nothingToLookFor' }
  /** Stale entries stay, and UDP clients may go on talking to endpoints that are gone. */
  | { readonly kind: 'toolMissing'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string; readonly deleted: number };

export interface Counts {
  /** Found stale. An entry may end by itself before it is deleted, or one of its like come up. */
  readonly stale: Readonly<Partial<Record<StaleReason, number>>>;
  readonly deleted: number;
}

const TOOL_MISSING =
  'conntrack is not installed (Debian package conntrack): entries of endpoints that are gone stay until ' +
  'they time out, and a changed traffic policy holds for new connections only';

/**
 * Deletes the entries that the rules of now would not have made. To be called after the rules are in the
 * kernel: before, the next packet would make the same entry again.
 *
 * It never throws for the tool's sake, since rules must go on being written without it. The outcome says
 * what the operator should be told, once for `toolMissing`.
 */
export async function cleanConntrack(request: CleanRequest): Promise<CleanOutcome> {
  const { family, ownAddresses, via = [] } = request;
  const subjects = subjectsOf(request);
  if (subjects.length === 0) return { kind: 'nothingToLookFor' };
  let deleted = 0;
  try {
    const search = searchStale(subjects, ownAddresses);
    const listed = await listEntries({ family, protocol: onlyProtocol(subjects), via }, search.see);
    const found = search.result();
    await carryOut(deletions(family, found), via, () => (deleted += 1));
    return { kind: 'cleaned', ...listed, stale: countReasons(found.stale), deleted };
  } catch (error) {
    if (isMissing(error)) return { kind: 'toolMissing', message: TOOL_MISSING };
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'failed', message, deleted };
  }
}

function countReasons(stale: readonly StaleEntry[]): Counts['stale'] {
  const counts: Partial<Record<StaleReason, number>> = {};
  for (const { reason } of stale) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
