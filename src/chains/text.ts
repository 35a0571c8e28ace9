import { joinHostPort, type Family } from '../net/address.ts';
import { chanceText } from './chance.ts';
import type { Mark, Match, Negatable, Rule, Target } from './rule.ts';

/**
 * A rule in the words of iptables-save, without the leading `-A CHAIN`. This is the only place where
 * rules become text, and it prints them as the kernel gives them back, so that text can be compared.
 */
export function ruleText(rule: Rule): string {
  return ruleWords(rule).slice(1);
}

/** The same as the line that appends the rule to a chain. */
export function appendLine(chain: string, rule: Rule): string {
  return `-A ${chain}${ruleWords(rule)}`;
}

/** Each word after a space. */
function ruleWords(rule: Rule): string {
  let text = '';
  if (rule.source) text += `${negation(rule.source)} -s ${rule.source.value}`;
  if (rule.destination) text += `${negation(rule.destination)} -d ${rule.destination.value}`;
  if (rule.inInterface) text += `${negation(rule.inInterface)} -i ${rule.inInterface.value}`;
  if (rule.protocol) text += ` -p ${rule.protocol}`;
  for (const match of rule.matches) text += matchText(match);
  if (rule.target) text += targetText(rule.target);
  return text;
}

function negation({ not }: Negatable<unknown> | { readonly not: boolean }): string {
  return not ? ' !' : '';
}

function matchText(match: Match): string {
  switch (match.kind) {
    case 'comment':
      return ` -m comment --comment "${commentText(match.text)}"`;
    case 'protocol':
      return ` -m ${match.protocol}`;
    case 'destinationPort':
      return ` -m ${match.protocol} --dport ${match.port}`;
    case 'destinationPorts':
      return ` -m ${match.protocol} --dport ${match.first}:${match.last}`;
    case 'connectionState':
      return ` -m conntrack${negation(match)} --ctstate ${match.states.join(',')}`;
    case 'mark':
      return ` -m mark${negation(match)} --mark ${hex(match.mark)}/${hex(match.mark)}`;
    case 'localAddress':
      return ` -m addrtype --${match.side === 'source' ? 'src' : 'dst'}-type LOCAL`;
    case 'chance':
      return ` -m statistic --mode random --probability ${chanceText(match.chance)}`;
    case 'recentlySeen':
      return ` -m recent --rcheck --seconds ${match.seconds} --reap${recentList(match.list, match.family)}`;
    case 'rememberSource':
      return ` -m recent --set${recentList(match.list, match.family)}`;
  }
}

function targetText(target: Target): string {
  switch (target.kind) {
    case 'jump':
      return ` -j ${target.chain}`;
    case 'accept':
      return ' -j ACCEPT';
    case 'drop':
      return ' -j DROP';
    case 'return':
      return ' -j RETURN';
    case 'reject':
      return ` -j REJECT --reject-with ${target.family === 'ipv4' ? 'icmp' : 'icmp6'}-port-unreachable`;
    case 'masquerade':
      return ' -j MASQUERADE --random-fully';
    case 'setMark':
      return ` -j MARK --set-xmark ${hex(target.mark)}/${hex(target.mark)}`;
    case 'flipMark':
      return ` -j MARK --set-xmark ${hex(target.mark)}/0x0`;
    case 'dnat':
      return ` -j DNAT --to-destination ${joinHostPort(target.address, target.port)}`;
  }
}

const MASKS: Readonly<Record<Family, string>> = {
  ipv4: '255.255.255.255',
  ipv6: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
};

function recentList(list: string, family: Family): string {
  return ` --name ${list} --mask ${MASKS[family]} --rsource`;
}

function hex(mark: Mark): string {
  return `0x${mark.toString(16)}`;
}

/**
 * Comments are built from names that were checked on their way in, so nothing here needs quoting;
 * should a name ever slip through, the rule is refused rather than written.
 */
function commentText(text: string): string {
  if (!/^[\w ./:;>[\]()-]{1,255}$/.test(text)) throw new TypeError(`not a comment: ${JSON.stringify(text)}`);
  return text;
}
