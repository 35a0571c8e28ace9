import { DISPATCH_CHAINS } from '../../../src/chains/fixed.ts';
import type { NamedConfig } from './configs.ts';

/*
 * What is known to differ from kube-proxy 1.36, and why. Whatever is not said here is a counterexample.
 *
 * Some more is brought to one form by `canonicalRules` (src/inspect/canonical.ts):
 *
 * - The order of rules in the dispatch chains. That of services is the order of a Go map in kube-proxy. Of one
 *   service port two rules meet the same packets only where an external IP is a load-balancer IP too: one leads
 *   to KUBE-EXT, the other there or by way of KUBE-FW, which comes back. Whichever is first, KUBE-EXT is reached.
 * - The empty canary chains.
 * - The rules and matches by which kube-proxy counts in nfacct, where the kernel has it: only its own metrics
 *   read them.
 *
 * kube-proxy is known to leave chains behind that nothing leads to, in a cluster of more than 1,000
 * endpoints for as much as a syncPeriod. These clusters are small: all chains are compared, not only
 * those that something leads to.
 *
 * What kube-proxy reads at its start alone is told of in `startProxies` (sequence.ts), and where health checks
 * are answered in health-checks.ts.
 */

export interface Difference {
  readonly name: string;
  readonly why: string;
  /** Of a KubeProxyConfiguration: whether it brings the difference about. */
  readonly isDueTo: (config: NamedConfig['config']) => boolean;
  /** kube-proxy's rules, in canonical form, as they are without the difference. Ours are never touched. */
  readonly mended: (rules: string) => string;
}

const DIFFERENCES: readonly Difference[] = [
  {
    name: 'the same rule twice',
    why: 'Where an external IP is a load-balancer IP too, kube-proxy refuses its packets by two rules that are equal to the letter. We write one (externalRefusalRules in src/chains/dispatch.ts).',
    isDueTo: () => true,
    mended: (rules) => {
      const lines = rules.split('\n');
      return lines.filter((line, index) => line !== lines[index - 1] || !isDispatchRule(line)).join('\n');
    },
  },
  {
    name: 'chains that nothing leads to',
    why: 'With the gate AllowServiceExternalIPs closed kube-proxy writes no rules that lead from external IPs to a service, but it does write the KUBE-EXT chain and what lies behind it. We write neither.',
    isDueTo: ({ featureGates }) => featureGates?.AllowServiceExternalIPs === false,
    mended: withoutUnreachable,
  },
];

export function knownDifferences({ config }: NamedConfig): readonly Difference[] {
  return DIFFERENCES.filter(({ isDueTo }) => isDueTo(config));
}

/** Without the KUBE-EXT chains that no rule leads to, and then without those that only they led to. */
function withoutUnreachable(rules: string): string {
  const lines = rules.split('\n');
  const targets = new Set(lines.map((line) => / -j (\S+)/.exec(line)?.[1] ?? ''));
  const left = lines.filter((line) => {
    const [, chain = ''] = /^(?::|-A )(KUBE-(?:EXT|SV[CL]|SEP)-\S+)/.exec(line) ?? [];
    return chain === '' || targets.has(chain);
  });
  return left.length === lines.length ? rules : withoutUnreachable(left.join('\n'));
}

function isDispatchRule(line: string): boolean {
  return DISPATCH_CHAINS.has(/^-A (\S+)/.exec(line)?.[1] ?? '');
}
