import { KUBE_EXTERNAL_SERVICES, KUBE_NODEPORTS } from '../chains/fixed.ts';
import { treeKindOf, type ChainName, type TreeKind } from '../chains/names.ts';
import type { TableName } from '../chains/rule.ts';
import type { Protocol } from '../model/objects.ts';

/** A rule of the kernel that decides about one node port, and how often it was met. */
export interface PortRule {
  readonly packets: number;
  /** Whose it is, in words; empty where the rule says nothing. */
  readonly comment: string;
  /** A chain, or what becomes of the packet. */
  readonly target: string;
}

/** The rules of one family about node ports; `rulesAt` finds those of a port. */
export interface KernelRules {
  /** Some service proxy has been here. */
  readonly programmed: boolean;
  /** nat KUBE-NODEPORTS: to the service's chains. */
  readonly forwarding: RulesByPort;
  /** filter KUBE-EXTERNAL-SERVICES: refused or dropped. */
  readonly turningAway: RulesByPort;
  /** filter KUBE-NODEPORTS: health checks are let in. */
  readonly healthChecks: RulesByPort;
}

/** By `portKey`. */
export type RulesByPort = ReadonlyMap<string, readonly PortRule[]>;

export function rulesAt(rules: RulesByPort, protocol: Protocol, port: number): readonly PortRule[] {
  return rules.get(portKey(protocol, port)) ?? [];
}

/** `30080/tcp`. */
export function portKey(protocol: string, port: number | string): string {
  return `${port}/${protocol}`;
}

/** Where the indexed layout spreads a dispatch chain over others, those count as that chain. */
const SPREAD: Readonly<Partial<Record<TreeKind, ChainName>>> = {
  NP: KUBE_NODEPORTS,
  HC: KUBE_NODEPORTS,
  RE: KUBE_EXTERNAL_SERVICES,
};

function dispatchChainOf(chain: string): string {
  const kind = treeKindOf(chain);
  return (kind && SPREAD[kind]) ?? chain;
}

export interface KernelReading {
  /** Takes a line of `iptables-save -c -t TABLE`. */
  readonly line: (table: TableName, text: string) => void;
  readonly finish: () => KernelRules;
}

/** Reads what kube-proxy of any release since 1.10 writes, and what we do; all other lines are passed over. */
export function kernelReading(): KernelReading {
  const forwarding = new Map<string, PortRule[]>();
  const turningAway = new Map<string, PortRule[]>();
  const healthChecks = new Map<string, PortRule[]>();
  let programmed = false;

  const kindOf = (table: TableName, chain: string, target: string): Map<string, PortRule[]> | undefined => {
    if (table === 'nat') {
      const leadsOn = /^KUBE-(EXT|SVC|SVL|XLB)-/.test(target);
      return chain === KUBE_NODEPORTS && leadsOn ? forwarding : undefined;
    }
    if (chain === KUBE_NODEPORTS) return target === 'ACCEPT' ? healthChecks : undefined;
    const turnsAway = target === 'REJECT' || target === 'DROP';
    return chain === KUBE_EXTERNAL_SERVICES && turnsAway ? turningAway : undefined;
  };

  const line = (table: TableName, text: string): void => {
    if (table === 'nat' && text.startsWith(`:${KUBE_NODEPORTS} `)) programmed = true;
    const [, packets, ownChain = '', words = ''] = /^\[(\d+):\d+\] -A (KUBE-\S+) (.*)$/.exec(text) ?? [];
    if (packets === undefined) return;
    const chain = dispatchChainOf(ownChain);
    const comment = / --comment (?:"([^"]*)"|(\S+))/.exec(words);
    // A comment may hold anything, flags of iptables too.
    const rest = comment === null ? words : words.replace(comment[0], '');
    const protocol = /(?:^| )-p (tcp|udp|sctp)(?: |$)/.exec(rest)?.[1];
    const port = / --dport (\d+)(?: |$)/.exec(rest)?.[1];
    const target = / -j (\S+)/.exec(rest)?.[1];
    if (protocol === undefined || port === undefined || target === undefined) return;
    // External addresses stand in the same filter chain, with ports of their own.
    if (chain === KUBE_EXTERNAL_SERVICES && /(?:^| )-d /.test(rest)) return;
    const rules = kindOf(table, chain, target);
    const key = portKey(protocol, port);
    const rule = { packets: Number(packets), comment: comment?.[1] ?? comment?.[2] ?? '', target };
    rules?.set(key, [...(rules.get(key) ?? []), rule]);
  };

  return { line, finish: () => ({ programmed, forwarding, turningAway, healthChecks }) };
}
