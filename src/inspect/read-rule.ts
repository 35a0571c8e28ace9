import type { Negatable } from '../chains/rule.ts';
import type { Protocol } from '../model/objects.ts';
import {
  addressBits,
  familyOf,
  hostCidr,
  parseAddress,
  parseCidr,
  toBigInt,
  type Address,
  type Cidr,
  type Family,
} from '../net/address.ts';
import { expectedGot } from '../problems/problem.ts';
import type { InspectedMatch, InspectedRule, InspectedTarget, Question } from './inspected-rule.ts';
import { readMatch, type Option } from './read-match.ts';
import { readTarget } from './read-target.ts';
import { partsOf, RuleTextError, type TargetWords } from './rule-parts.ts';

/**
 * Reads a rule in the words of iptables-save, without the leading `-A CHAIN`. Matches and targets that
 * are not modelled become `unknown`, with their text.
 *
 * @throws RuleTextError where the text is no rule of this family
 */
export function readRule(text: string, family: Family): InspectedRule {
  const { header, sections, target } = partsOf(text);
  const option = (name: string): Option | undefined => header.find((each) => each.name === name);
  const source = readNetwork(option('-s'), family);
  const destination = readNetwork(option('-d'), family);
  const protocol = readProtocol(option('-p'));
  const inInterface = readName(option('-i'));
  const outInterface = readName(option('-o'));
  const context = { family, protocol: protocol.own };
  return {
    ...(source.own && { source: source.own }),
    ...(destination.own && { destination: destination.own }),
    ...(inInterface && { inInterface }),
    ...(outInterface && { outInterface }),
    ...(protocol.own && { protocol: protocol.own }),
    matches: [
      ...source.others,
      ...destination.others,
      ...protocol.others,
      ...readFragments(option('-f')),
      ...sections.flatMap((section) => readMatch(section, context)),
    ],
    ...(target && { target: readTargetWords(target, family) }),
  };
}

/** What of an option of the IP header has a place of its own in a rule, and what is a match. */
interface HeaderPart<Own> {
  readonly own?: Own;
  readonly others: readonly InspectedMatch[];
}

const ABSENT = { others: [] };

function readNetwork(option: Option | undefined, family: Family): HeaderPart<Negatable<Cidr>> {
  const [text] = option?.values ?? [];
  if (option === undefined || text === undefined) return ABSENT;
  const { not, name } = option;
  const address = parseAddress(text);
  const cidr = address === undefined ? (parseCidr(text) ?? withDottedMask(text)) : hostCidr(address);
  if (cidr === 'scattered') {
    return { others: [{ kind: 'unknown', text: `${not ? '! ' : ''}${name} ${text}` }] };
  }
  if (cidr === undefined || familyOf(cidr) !== family) {
    const wanted = family === 'ipv4' ? 'an IPv4 address or network' : 'an IPv6 address or network';
    throw new RuleTextError(`${name}: ${expectedGot(wanted, text)}`);
  }
  return { own: { not, value: cidr }, others: [] };
}

/** `10.0.0.0/255.0.0.0`; iptables-save writes masks out where they are no prefix (`scattered`). */
function withDottedMask(text: string): Cidr | 'scattered' | undefined {
  const [addressText = '', maskText = '', ...more] = text.split('/');
  const address = parseAddress(addressText);
  const mask = parseAddress(maskText);
  if (address === undefined || mask === undefined || more.length > 0) return undefined;
  if (familyOf(address) !== familyOf(mask)) return undefined;
  const length = prefixLengthOfMask(mask);
  return length === undefined ? 'scattered' : parseCidr(`${address}/${length}`);
}

function prefixLengthOfMask(mask: Address): number | undefined {
  const bits = toBigInt(mask)
    .toString(2)
    .padStart(addressBits(familyOf(mask)), '0');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}

const PROTOCOLS: ReadonlyMap<string, Protocol> = new Map([
  ['tcp', 'tcp'],
  ['6', 'tcp'],
  ['udp', 'udp'],
  ['17', 'udp'],
  ['sctp', 'sctp'],
  ['132', 'sctp'],
]);

function readProtocol(option: Option | undefined): HeaderPart<Protocol> {
  const [name] = option?.values ?? [];
  if (option === undefined || name === undefined || name === 'all') return ABSENT;
  const protocol = PROTOCOLS.get(name);
  if (protocol !== undefined && !option.not) return { own: protocol, others: [] };
  const match: Question =
    protocol === undefined ? { kind: 'otherProtocol', name } : { kind: 'protocol', protocol };
  return { others: [option.not ? { kind: 'except', match } : match] };
}

function readName(option: Option | undefined): Negatable<string> | undefined {
  const [value] = option?.values ?? [];
  return option === undefined || value === undefined ? undefined : { not: option.not, value };
}

/** Second and later fragments: connection tracking puts packets together before any rule sees them. */
function readFragments(option: Option | undefined): readonly InspectedMatch[] {
  if (option === undefined) return [];
  const whole: Question = { kind: 'always', text: '! -f' };
  return [option.not ? whole : { kind: 'except', match: whole }];
}

function readTargetWords({ option, words }: TargetWords, family: Family): InspectedTarget {
  if (option === '-j') return readTarget(words, family);
  const [chain = '', ...more] = words;
  if (more.length > 0) throw new RuleTextError(`-g: ${expectedGot('a chain', words.join(' '))}`);
  return { kind: 'goto', chain: chain };
}
