import { canonicalRules } from '../../../src/inspect/canonical.ts';
import type { NamedConfig } from './configs.ts';
import { knownDifferences } from './differences.ts';

/* What two proxies left in the kernel, beside each other. */

/** A line that only one of the two has, or that stands elsewhere. */
export interface DifferentLine {
  readonly of: 'kube-proxy' | 'chainwright';
  readonly line: string;
}

/**
 * Of what iptables-save printed on each side; empty where both hold the same rules, but for the known
 * differences under this configuration.
 */
export function differentRules(theirs: string, ours: string, config: NamedConfig): readonly DifferentLine[] {
  const mended = knownDifferences(config).reduce(
    (rules, { mended: mend }) => mend(rules),
    canonicalRules(theirs),
  );
  return differentLines(mended, canonicalRules(ours));
}

export function differentLines(theirs: string, ours: string): readonly DifferentLine[] {
  if (theirs === ours) return [];
  const [left, right] = [theirs.split('\n'), ours.split('\n')];
  const missing = (from: readonly string[], of: DifferentLine['of'], here: ReadonlySet<string>) =>
    from.filter((line) => !here.has(line)).map((line) => ({ of, line }));
  const lines = [
    ...missing(left, 'kube-proxy', new Set(right)),
    ...missing(right, 'chainwright', new Set(left)),
  ];
  if (lines.length > 0) return lines;
  // The same rules in another order.
  const at = left.findIndex((line, index) => line !== right[index]);
  return [
    ...left.slice(at, at + 3).map((line) => ({ of: 'kube-proxy' as const, line })),
    ...right.slice(at, at + 3).map((line) => ({ of: 'chainwright' as const, line })),
  ];
}
