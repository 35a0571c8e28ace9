import type { Chance, ConnectionState, Match } from '../chains/rule.ts';
import type { ChainName } from '../chains/names.ts';
import type { Protocol } from '../model/objects.ts';
import type { Family } from '../net/address.ts';
import type { InspectedMatch, PortRange, Question } from './inspected-rule.ts';
import { lineOf, unquoted } from './words.ts';

/** An option of a match, such as `! --dport 80`. */
export interface Option {
  readonly not: boolean;
  /** With its dashes. */
  readonly name: string;
  readonly values: readonly string[];
}

/** A match by its name, with its options. */
export interface Section {
  readonly name: string;
  readonly options: readonly Option[];
}

/** What a match needs to know of its rule. */
export interface RuleContext {
  readonly family: Family;
  readonly protocol: Protocol | undefined;
}

/** All that a match asks; what is not modelled is `unknown`, option by option where that is possible. */
export function readMatch(section: Section, context: RuleContext): readonly InspectedMatch[] {
  const reader = READERS.get(section.name);
  return reader?.(section, context) ?? [unknown(section)];
}

/** undefined: not modelled as a whole. */
type Reader = (section: Section, context: RuleContext) => readonly InspectedMatch[] | undefined;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['comment', ({ options }) => [{ kind: 'comment', text: unquoted(options[0]?.values[0] ?? '') }]],
  ['tcp', portReader('tcp')],
  ['udp', portReader('udp')],
  ['sctp', portReader('sctp')],
  ['multiport', readMultiport],
  ['conntrack', eachOption({ '--ctstate': readStates })],
  ['state', eachOption({ '--state': readStates })],
  ['mark', eachOption({ '--mark': readMark })],
  [
    'addrtype',
    eachOption({ '--src-type': localAddress('source'), '--dst-type': localAddress('destination') }),
  ],
  ['statistic', readStatistic],
  ['recent', readRecent],
  ['physdev', eachOption({ '--physdev-is-in': ({ not }) => negated(not, { kind: 'bridged' }) })],
  ['nfacct', (section) => [{ kind: 'always', text: sectionText(section) }]],
]);

/** Whatever stands for one option; undefined where it is not modelled. */
type OptionReader = (option: Option) => InspectedMatch | undefined;

/** For matches whose options are independent questions, all of which must be answered by yes. */
function eachOption(readers: Readonly<Record<string, OptionReader>>): Reader {
  const byName = new Map(Object.entries(readers));
  return ({ name, options }) =>
    options.map((option) => byName.get(option.name)?.(option) ?? unknown({ name, options: [option] }));
}

function portReader(protocol: Protocol): Reader {
  const ports = eachOption({
    '--dport': ({ not, values }) => negatedOrNone(not, destinationPorts(protocol, portRange(values[0]))),
    '--sport': ({ not, values }) => negatedOrNone(not, portsOf(protocol, 'source', [portRange(values[0])])),
  });
  return (section, context) =>
    section.options.length === 0 ? [{ kind: 'protocol', protocol }] : ports(section, context);
}

function destinationPorts(protocol: Protocol, range: PortRange | undefined): Question | undefined {
  if (range === undefined) return undefined;
  const { first, last } = range;
  if (first === last) return { kind: 'destinationPort', protocol, port: first };
  return { kind: 'destinationPorts', protocol, first, last };
}

type PortSide = Extract<InspectedMatch, { kind: 'ports' }>['side'];

function portsOf(
  protocol: Protocol,
  side: PortSide,
  ranges: readonly (PortRange | undefined)[],
): Question | undefined {
  const known = ranges.filter((range) => range !== undefined);
  return known.length === ranges.length ? { kind: 'ports', protocol, side, ranges: known } : undefined;
}

/** `80` or `30000:30127`; either end may be missing. */
function portRange(text: string | undefined): PortRange | undefined {
  const [, from, colon, to] = /^(\d{0,5})(:?)(\d{0,5})$/.exec(text ?? '') ?? [];
  if (from === undefined || to === undefined || from + to === '') return undefined;
  const first = from === '' ? 0 : Number(from);
  const last = colon === '' ? first : to === '' ? 65_535 : Number(to);
  return first <= last && last <= 65_535 ? { first, last } : undefined;
}

function readMultiport(section: Section, { protocol }: RuleContext): readonly InspectedMatch[] | undefined {
  if (protocol === undefined) return undefined;
  const list =
    (side: PortSide): OptionReader =>
    ({ not, values }) =>
      negatedOrNone(not, portsOf(protocol, side, (values[0] ?? '').split(',').map(portRange)));
  return eachOption({
    '--dports': list('destination'),
    '--sports': list('source'),
    '--ports': list('either'),
  })(section, { family: 'ipv4', protocol });
}

const STATES: ReadonlySet<string> = new Set(['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'DNAT']);

function readStates({ not, values }: Option): Match | undefined {
  const states = (values[0] ?? '').split(',');
  if (!states.every((state) => STATES.has(state))) return undefined;
  return { kind: 'connectionState', not, states: states as readonly string[] as readonly ConnectionState[] };
}

function readMark({ not, values }: Option): InspectedMatch | undefined {
  const parts = markAndMask(values[0]);
  if (parts === undefined) return undefined;
  const { value, mask } = parts;
  if (value === mask) return { kind: 'mark', not, mark: value };
  return negated(not, { kind: 'maskedMark', value, mask });
}

const ALL_BITS = 0xffff_ffff;

/** `0x4000/0x4000`; without a mask, all bits count. */
export function markAndMask(
  text: string | undefined,
): { readonly value: number; readonly mask: number } | undefined {
  const [, value, mask = '0xffffffff'] =
    /^(0x[\da-f]{1,8}|\d+)(?:\/(0x[\da-f]{1,8}|\d+))?$/i.exec(text ?? '') ?? [];
  if (value === undefined || Number(value) > ALL_BITS || Number(mask) > ALL_BITS) return undefined;
  return { value: Number(value), mask: Number(mask) };
}

function localAddress(side: 'source' | 'destination'): OptionReader {
  return ({ not, values }) =>
    values[0] === 'LOCAL' ? negated(not, { kind: 'localAddress', side }) : undefined;
}

const CHANCE_UNIT = 2 ** 31;

function readStatistic({ options }: Section): readonly InspectedMatch[] | undefined {
  const probability = options.find(({ name }) => name === '--probability');
  const value = Number(probability?.values[0] ?? NaN);
  const isRandom = options.some(({ name, values }) => name === '--mode' && values[0] === 'random');
  if (!isRandom || options.length !== 2 || !(value >= 0 && value <= 1)) return undefined;
  const chance = Math.round(value * CHANCE_UNIT);
  return [{ kind: 'chance', chance: (probability?.not === true ? CHANCE_UNIT - chance : chance) as Chance }];
}

const WHOLE_ADDRESS: ReadonlySet<string> = new Set([
  '255.255.255.255',
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
]);
const RECENT_OPTIONS: ReadonlySet<string> = new Set([
  '--rcheck',
  '--set',
  '--seconds',
  '--reap',
  '--name',
  '--mask',
  '--rsource',
]);

function readRecent({ options }: Section, { family }: RuleContext): readonly InspectedMatch[] | undefined {
  const valueOf = (name: string): string | undefined =>
    options.find((option) => option.name === name)?.values[0];
  const list = (valueOf('--name') ?? 'DEFAULT') as ChainName;
  const understood =
    options.every(({ name }) => RECENT_OPTIONS.has(name)) &&
    /^\d*$/.test(valueOf('--seconds') ?? '') &&
    WHOLE_ADDRESS.has(valueOf('--mask') ?? '255.255.255.255');
  const question = options.find(({ name }) => name === '--rcheck' || name === '--set');
  if (!understood || question === undefined) return undefined;
  if (question.name === '--set') {
    return question.not ? undefined : [{ kind: 'rememberSource', list, family }];
  }
  const seconds = Number(valueOf('--seconds') ?? Infinity);
  return [negated(question.not, { kind: 'recentlySeen', list, seconds, family })];
}

function negated(not: boolean, match: Question): Question {
  return not ? { kind: 'except', match } : match;
}

function negatedOrNone(not: boolean, match: Question | undefined): Question | undefined {
  return match === undefined ? undefined : negated(not, match);
}

function unknown(section: Section): InspectedMatch {
  return { kind: 'unknown', text: sectionText(section) };
}

function sectionText({ name, options }: Section): string {
  const words = options.flatMap((option) => [...(option.not ? ['!'] : []), option.name, ...option.values]);
  return lineOf(['-m', name, ...words]);
}
