import type { FullReason } from './observer.ts';

/* What the reasons mean for which all rules are gone through. */

const LACKS: ReadonlySet<FullReason> = new Set<FullReason>(['start', 'node', 'flush', 'failure']);
const URGENT: ReadonlySet<FullReason> = new Set<FullReason>(['start', 'flush', 'failure']);

/** The kernel lacks what writing the changes alone does not bring. */
export function lacksMore(reason: FullReason | undefined): boolean {
  return reason !== undefined && LACKS.has(reason);
}

/** The kernel's rules are unknown, or known to be gone: this comes before other reasons, and never waits. */
export function isUrgent(reason: FullReason | undefined): boolean {
  return reason !== undefined && URGENT.has(reason);
}
