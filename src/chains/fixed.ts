import type { NodeView } from '../routing/node-view.ts';
import type { Cidr } from '../net/address.ts';
import { comment, commentedJump, except, jump, only } from './build.ts';
import { chainName } from './names.ts';
import type { BaseChainName, Chain, Jump, Match, Rule } from './rule.ts';

/** The chains that every node has, under kube-proxy's names. */
export const KUBE_SERVICES = chainName('KUBE-SERVICES');
export const KUBE_EXTERNAL_SERVICES = chainName('KUBE-EXTERNAL-SERVICES');
export const KUBE_NODEPORTS = chainName('KUBE-NODEPORTS');
export const KUBE_POSTROUTING = chainName('KUBE-POSTROUTING');
export const KUBE_MARK_MASQ = chainName('KUBE-MARK-MASQ');
export const KUBE_FORWARD = chainName('KUBE-FORWARD');
export const KUBE_PROXY_FIREWALL = chainName('KUBE-PROXY-FIREWALL');
export const KUBE_FIREWALL = chainName('KUBE-FIREWALL');

/** Chains that tell services apart: their rules do not overlap, so that their order means nothing. */
export const DISPATCH_CHAINS: ReadonlySet<string> = new Set<string>([
  KUBE_SERVICES,
  KUBE_EXTERNAL_SERVICES,
  KUBE_NODEPORTS,
  KUBE_PROXY_FIREWALL,
]);

/** Said by the one rule of a dispatch chain that all others must come before: the jump to the node ports. */
export const LAST_RULE_NOTE = 'this must be the last rule in this chain';

export function isLastRule(rule: string): boolean {
  return rule.includes(LAST_RULE_NOTE);
}

const NEW_CONNECTION: Match = { kind: 'connectionState', not: false, states: ['NEW'] };

const FIREWALL: Rule = {
  matches: [NEW_CONNECTION, comment('kubernetes load balancer firewall')],
  target: jump(KUBE_PROXY_FIREWALL),
};
const PORTALS_OF_NEW: Rule = {
  matches: [NEW_CONNECTION, comment('kubernetes service portals')],
  target: jump(KUBE_SERVICES),
};
const EXTERNAL_PORTALS: Rule = {
  matches: [NEW_CONNECTION, comment('kubernetes externally-visible service portals')],
  target: jump(KUBE_EXTERNAL_SERVICES),
};
const HEALTH_CHECK_PORTS = commentedJump('kubernetes health check service ports', KUBE_NODEPORTS);
const FORWARDING = commentedJump('kubernetes forwarding rules', KUBE_FORWARD);
const KUBELET_FIREWALL: Rule = { matches: [], target: jump(KUBE_FIREWALL) };
const PORTALS = commentedJump('kubernetes service portals', KUBE_SERVICES);
const POSTROUTING = commentedJump('kubernetes postrouting rules', KUBE_POSTROUTING);

/**
 * The jumps into our chains, in the order that kube-proxy's prepending leaves behind.
 * Source: iptablesJumpChains in pkg/proxy/iptables/proxier.go.
 */
export const FILTER_JUMPS: readonly Jump[] = [
  ...jumps('INPUT', [KUBELET_FIREWALL, FIREWALL, HEALTH_CHECK_PORTS, EXTERNAL_PORTALS]),
  ...jumps('FORWARD', [FIREWALL, FORWARDING, PORTALS_OF_NEW, EXTERNAL_PORTALS]),
  ...jumps('OUTPUT', [KUBELET_FIREWALL, FIREWALL, PORTALS_OF_NEW]),
];

export const NAT_JUMPS: readonly Jump[] = [
  ...jumps('PREROUTING', [PORTALS]),
  ...jumps('OUTPUT', [PORTALS]),
  ...jumps('POSTROUTING', [POSTROUTING]),
];

function jumps(from: BaseChainName, rules: readonly Rule[]): readonly Jump[] {
  return rules.map((rule) => ({ from, rule }));
}

const LOOPBACK_NET = '127.0.0.0/8' as Cidr;

/**
 * route_localnet, which localhost node ports need, would let neighbours reach services bound to
 * 127.0.0.1. The kubelet writes the same guard; both must stay identical.
 */
export function kubeletFirewall(view: NodeView): Chain {
  const guard: Rule = {
    source: except(LOOPBACK_NET),
    destination: only(LOOPBACK_NET),
    matches: [
      comment('block incoming localnet connections'),
      { kind: 'connectionState', not: true, states: ['RELATED', 'ESTABLISHED', 'DNAT'] },
    ],
    target: { kind: 'drop' },
  };
  return { name: KUBE_FIREWALL, rules: view.localhostNodePorts ? [guard] : [], shared: true };
}

/** Forwards what we masquerade, and its answers, even where the FORWARD policy is to drop. */
export function forwarding(view: NodeView): Chain {
  const invalid: Rule = {
    matches: [{ kind: 'connectionState', not: false, states: ['INVALID'] }],
    target: { kind: 'drop' },
  };
  return {
    name: KUBE_FORWARD,
    rules: [
      ...(view.dropInvalid ? [invalid] : []),
      {
        matches: [
          comment('kubernetes forwarding rules'),
          { kind: 'mark', not: false, mark: view.masqueradeMark },
        ],
        target: { kind: 'accept' },
      },
      {
        matches: [
          comment('kubernetes forwarding conntrack rule'),
          { kind: 'connectionState', not: false, states: ['RELATED', 'ESTABLISHED'] },
        ],
        target: { kind: 'accept' },
      },
    ],
  };
}

/** Masquerades what was marked, and clears the mark lest a second pass masquerade again. */
export function postrouting(view: NodeView): Chain {
  const mark = view.masqueradeMark;
  return {
    name: KUBE_POSTROUTING,
    rules: [
      { matches: [{ kind: 'mark', not: true, mark }], target: { kind: 'return' } },
      { matches: [], target: { kind: 'flipMark', mark } },
      { matches: [comment('kubernetes service traffic requiring SNAT')], target: { kind: 'masquerade' } },
    ],
  };
}

export function markMasquerade(view: NodeView): Chain {
  return {
    name: KUBE_MARK_MASQ,
    rules: [{ matches: [], target: { kind: 'setMark', mark: view.masqueradeMark } }],
  };
}
