import { commentOf } from '../inspect/dispatch-rules.ts';
import { treeKindOf } from '../chains/names.ts';
import type { RulePlace } from '../inspect/fate.ts';
import type { InspectedMatch, InspectedRule } from '../inspect/inspected-rule.ts';
import { joinHostPort } from '../net/address.ts';

/** What a rule has done with a packet that it matched. */
export function stepWords({ table, chain }: RulePlace, rule: InspectedRule, text: string): string {
  const { target } = rule;
  const comment = commentOf(rule);
  const because = comment === '' ? '' : ` (${comment})`;
  switch (target?.kind) {
    case undefined:
    case 'noEffect':
      return target === undefined ? `counted or remembered${because}` : `passes ${text}`;
    case 'jump':
    case 'goto':
      return jumpWords(table, chain, target.chain, rule);
    case 'accept':
      return `accepted${because}`;
    case 'drop':
      return `dropped without an answer${because}`;
    case 'reject':
    case 'rejectWith':
      return `refused${because}`;
    case 'return':
      return chain === 'KUBE-POSTROUTING' ? 'carries no mark, keeps its source address' : 'goes back';
    case 'masquerade':
      return 'source becomes the address of the node';
    case 'dnat':
      return `destination becomes ${joinHostPort(target.address, target.port)}`;
    case 'dnatAddress':
      return `destination becomes ${target.address}, at the same port`;
    case 'setMark':
    case 'maskedMark':
      return markWords(chain);
    case 'flipMark':
      return 'the mark is taken off, so that it is not masqueraded twice';
    case 'unknown':
      return `not modelled: ${target.text}`;
  }
}

function markWords(chain: string): string {
  if (chain === 'KUBE-MARK-MASQ') return 'marked: its source will become the address of the node';
  return chain === 'KUBE-MARK-DROP' ? 'marked: it will be dropped' : 'marked';
}

/** Where a jump leads, by the names that all proxies of iptables use. */
function jumpWords(table: string, chain: string, to: string, rule: InspectedRule): string {
  const fixed = FIXED.get(`${table} ${to}`) ?? FIXED.get(to);
  if (fixed !== undefined) return `${fixed} -> ${to}`;
  if (to === 'KUBE-MARK-MASQ') return `${masqueradeReason(chain, rule)} -> ${to}`;
  const kind = treeKindOf(to);
  if (kind !== undefined) return `the search goes on among ${rangeWords(rule)} -> ${to}`;
  const words = KINDS.get(/^KUBE-([A-Z]+)-/.exec(to)?.[1] ?? '') ?? 'on to';
  const extras = [...entryWords(rule), ...rule.matches.map(matchWords).filter((part) => part !== '')];
  return `${[...extras, words].join(', ')} -> ${to}`;
}

const FIXED: ReadonlyMap<string, string> = new Map([
  ['KUBE-SERVICES', 'is it for a service?'],
  ['filter KUBE-SERVICES', 'is it for a cluster IP that nobody answers?'],
  ['filter KUBE-NODEPORTS', 'is it a health check?'],
  ['KUBE-NODEPORTS', 'an address of the node: is it a node port?'],
  ['KUBE-EXTERNAL-SERVICES', 'is it for an outer address that nobody answers?'],
  ['KUBE-PROXY-FIREWALL', 'is it for a load balancer with source ranges?'],
  ['KUBE-FORWARD', 'is it marked, or part of a known connection?'],
  ['KUBE-FIREWALL', 'is it to be kept from 127.0.0.0/8, or marked to be dropped?'],
  ['KUBE-POSTROUTING', 'is it to be masqueraded?'],
  ['KUBE-MARK-DROP', 'no rule of the service takes it'],
]);

const KINDS: ReadonlyMap<string, string> = new Map([
  ['SVC', 'to all endpoints'],
  ['SVL', 'to the endpoints on this node'],
  ['EXT', 'from outside the cluster'],
  ['XLB', 'from outside the cluster'],
  ['FW', 'are its source ranges met?'],
  ['SEP', 'to one endpoint'],
  ['EPG', 'to some of the endpoints'],
]);

function masqueradeReason(chain: string, { source }: InspectedRule): string {
  if (chain.startsWith('KUBE-SEP-')) return 'the endpoint asks itself';
  if (chain.startsWith('KUBE-EXT-') || chain.startsWith('KUBE-XLB-'))
    return 'masqueraded, so that the answer comes back through this node';
  return source?.not === true ? `the source is outside ${source.value}` : 'to be masqueraded';
}

function entryWords({ destination, protocol, matches }: InspectedRule): readonly string[] {
  const port = matches.find((match) => match.kind === 'destinationPort');
  const comment = commentOf({ matches });
  if (port === undefined && destination === undefined) return comment === '' ? [] : [comment];
  const address = destination?.value.replace(/\/(?:32|128)$/, '') ?? '';
  const at =
    port === undefined
      ? address
      : `${address === '' ? 'port ' : `${address} port `}${port.port}/${protocol ?? ''}`;
  return [comment === '' ? at : `${at} is ${comment}`];
}

function rangeWords({ destination, protocol, matches }: InspectedRule): string {
  const range = matches.find((match) => match.kind === 'destinationPorts');
  const ports = range === undefined ? '' : `${protocol ?? ''} ports ${range.first}-${range.last}`;
  return [destination?.value ?? '', ports].filter((part) => part !== '').join(' ');
}

function matchWords(match: InspectedMatch): string {
  return match.kind === 'recentlySeen' ? `asked within the last ${match.seconds} s` : '';
}
