import { olderLabel, serviceChainName } from '../chains/names.ts';
import type { Claim, FamilyClaim } from './claims.ts';
import { rulesAt, type KernelRules, type PortRule } from './kernel-rules.ts';
import type { PortFamily } from './schema.ts';

/** What the kernel has for a claim in one family, and how often it was met. */
export type MatchedRules = Pick<PortFamily, 'rule' | 'packets' | 'turnedAway'>;

const NOT_ASKED: MatchedRules = { rule: null, packets: null, turnedAway: null };

/** @param kernel undefined where it was not asked, or could not answer */
export function matchRules(
  { port, protocol, use, service }: Claim,
  { fate }: FamilyClaim,
  kernel: KernelRules | undefined,
): MatchedRules {
  // Where no proxy has written anything, each port would be told to lack its rule.
  if (kernel?.programmed !== true) return NOT_ASKED;
  if (use === 'healthChecks') {
    const rules = rulesAt(kernel.healthChecks, protocol, port);
    return { rule: presence(rules, rules), packets: sum(rules), turnedAway: null };
  }
  const forwarding = rulesAt(kernel.forwarding, protocol, port);
  const ownForwarding = forwarding.filter(({ target }) => chainsOf(service, protocol).has(target));
  const turningAway = rulesAt(kernel.turningAway, protocol, port);
  const ownTurningAway = turningAway.filter(({ comment }) => saysThatNobodyAnswers(comment, service));
  return {
    rule: fate === 'refused' ? presence(turningAway, ownTurningAway) : presence(forwarding, ownForwarding),
    packets: ownForwarding.length > 0 ? sum(ownForwarding) : null,
    turnedAway: ownTurningAway.length > 0 ? sum(ownTurningAway) : null,
  };
}

/** Where a node port has led, by the keys and in the chains of any kube-proxy: XLB was EXT until 1.24. */
function chainsOf(service: string, protocol: string): ReadonlySet<string> {
  const hashes = [service, olderLabel(service)].map((label) =>
    serviceChainName('SVC', label, protocol).slice('KUBE-SVC-'.length),
  );
  return new Set(
    ['EXT', 'SVC', 'SVL', 'XLB'].flatMap((kind) => hashes.map((hash) => `KUBE-${kind}-${hash}`)),
  );
}

/** `default/web has no endpoints`, or `has no local endpoints`; on a large node, nothing. */
function saysThatNobodyAnswers(comment: string, service: string): boolean {
  if (comment === '') return true;
  return [service, olderLabel(service)].some((label) => comment.startsWith(`${label} has no `));
}

function presence(all: readonly PortRule[], own: readonly PortRule[]): PortFamily['rule'] {
  if (own.length > 0) return 'present';
  return all.length > 0 ? 'foreign' : 'missing';
}

/** kube-proxy counts connections over loopback by a rule of their own before the other. */
function sum(rules: readonly PortRule[]): number {
  return rules.reduce((total, { packets }) => total + packets, 0);
}
