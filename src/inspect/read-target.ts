import type { ChainName } from '../chains/names.ts';
import { familyOf, parseAddress, type Address, type Family } from '../net/address.ts';
import type { InspectedTarget } from './inspected-rule.ts';
import { markAndMask } from './read-match.ts';
import { lineOf } from './words.ts';

/** Reads what follows `-j`: a target with its options. Names that no extension has are chains. */
export function readTarget(words: readonly string[], family: Family): InspectedTarget {
  const [name = '', ...options] = words;
  const text = lineOf(['-j', ...words]);
  if (WITHOUT_EFFECT.has(name)) return { kind: 'noEffect', text };
  const reader = READERS.get(name);
  if (reader !== undefined) return reader(options, family) ?? { kind: 'unknown', text };
  if (NOT_MODELLED.has(name) || options.length > 0) return { kind: 'unknown', text };
  return { kind: 'jump', chain: name as ChainName };
}

/** undefined: not modelled with these options. */
type Reader = (options: readonly string[], family: Family) => InspectedTarget | undefined;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['ACCEPT', plain({ kind: 'accept' })],
  ['DROP', plain({ kind: 'drop' })],
  ['RETURN', plain({ kind: 'return' })],
  ['REJECT', readReject],
  ['MARK', readSetMark],
  ['MASQUERADE', () => ({ kind: 'masquerade' })],
  ['DNAT', readDnat],
  ['CONNMARK', readConnectionMark],
]);

/** They log, count or touch up: the fate of a new connection's first packet is not changed. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  'LOG NFLOG ULOG AUDIT TRACE CHECKSUM TCPMSS CLASSIFY DSCP TOS LED RATEEST SECMARK CONNSECMARK'.split(' '),
);

const NOT_MODELLED: ReadonlySet<string> = new Set(
  (
    'CLUSTERIP CT DNPT ECN HL HMARK IDLETIMER MIRROR NETMAP NFQUEUE NOTRACK QUEUE REDIRECT SAME SET SNAT SNPT ' +
    'SYNPROXY TARPIT TCPOPTSTRIP TEE TPROXY TTL'
  ).split(' '),
);

function plain(target: InspectedTarget): Reader {
  return (options) => (options.length === 0 ? target : undefined);
}

function readReject(options: readonly string[], family: Family): InspectedTarget {
  const answer = options[0] === '--reject-with' ? (options[1] ?? '') : '';
  const usual = family === 'ipv4' ? 'icmp-port-unreachable' : 'icmp6-port-unreachable';
  return answer === '' || answer === usual ? { kind: 'reject', family } : { kind: 'rejectWith', answer };
}

function readSetMark([option, text]: readonly string[]): InspectedTarget | undefined {
  const parts = markAndMask(text);
  if (option !== '--set-xmark' || parts === undefined) return undefined;
  const { value, mask } = parts;
  if (mask === 0) return { kind: 'flipMark', mark: value };
  return value === mask ? { kind: 'setMark', mark: value } : { kind: 'maskedMark', value, mask };
}

const DNAT_SPREADING: ReadonlySet<string> = new Set(['--random', '--persistent']);

/** One address, with a port or without. Ranges deal packets out in ways that are not modelled. */
function readDnat(
  [option, text = '', ...others]: readonly string[],
  family: Family,
): InspectedTarget | undefined {
  if (option !== '--to-destination' || !others.every((word) => DNAT_SPREADING.has(word))) return undefined;
  const bare = ofFamily(text, family);
  if (bare !== undefined) return { kind: 'dnatAddress', address: bare };
  const [, bracketed, simple, port] = /^(?:\[(.+)\]|([^[\]:]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = ofFamily(bracketed ?? simple ?? '', family);
  if (address === undefined || Number(port) > 65_535) return undefined;
  return { kind: 'dnat', address, port: Number(port) };
}

function ofFamily(text: string, family: Family): Address | undefined {
  const address = parseAddress(text);
  return address !== undefined && familyOf(address) === family ? address : undefined;
}

/** Marks of connections are read back by --restore-mark alone. */
function readConnectionMark(options: readonly string[]): InspectedTarget | undefined {
  if (options.includes('--restore-mark')) return undefined;
  return { kind: 'noEffect', text: lineOf(['-j', 'CONNMARK', ...options]) };
}
