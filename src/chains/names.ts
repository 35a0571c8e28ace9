import { hash } from 'node:crypto';

/** A chain's name: letters, digits and dashes, at most 28 characters, safe in any restore file. */
export type ChainName = string & { readonly __brand: 'ChainName' };

/** The chains that one service port may have in the nat table; kube-proxy's prefixes. */
export type ServiceChainKind = 'SVC' | 'SVL' | 'EXT' | 'FW';

const LONGEST_NAME = 28;

/** Names a fixed chain. Throws on a name that iptables would refuse: that is a programmer's error. */
export function chainName(text: string): ChainName {
  if (text.length > LONGEST_NAME || !/^[A-Z][A-Z0-9-]*$/.test(text)) {
    throw new TypeError(`not a chain name: ${text}`);
  }
  return text as ChainName;
}

/**
 * The chain of a service port, by kube-proxy's key: `namespace/name:port` (the colon and port only
 * where the port is named) and the protocol. Source: portProtoHash in pkg/proxy/iptables/proxier.go.
 */
export function serviceChainName(kind: ServiceChainKind, label: string, protocol: string): ChainName {
  return `KUBE-${kind}-${keyHash(label + protocol)}` as ChainName;
}

/** The chain of one endpoint (`address:port`) of a service port. */
export function endpointChainName(label: string, protocol: string, endpoint: string): ChainName {
  return `KUBE-SEP-${keyHash(label + protocol + endpoint)}` as ChainName;
}

/**
 * The label that kube-proxy before 1.18 hashed: it kept the colon of an unnamed port. People still
 * meet those chain names in documents.
 */
export function olderLabel(label: string): string {
  return label.includes(':') ? label : `${label}:`;
}

/** A part of a service port's endpoints, in the tree by which a large service deals out its connections. */
export function endpointGroupName(chain: ChainName, part: string): ChainName {
  return `KUBE-EPG-${keyHash(`${chain} ${part}`)}` as ChainName;
}

/**
 * The trees of the indexed layout, one for each dispatch chain: nat KUBE-SERVICES and KUBE-NODEPORTS, and of
 * the filter table refused cluster IPs, refused external addresses and node ports, load-balancer source
 * ranges, and health checks.
 */
export type TreeKind = 'IP' | 'NP' | 'RI' | 'RE' | 'LB' | 'HC';

/**
 * The chain of a part of a dispatch tree: KUBE-IP-10-96-0-0-20, KUBE-NP-T-30000-30127, or a hash where
 * that would be too long.
 *
 * @param part `10.96.0.0/20`, `T-30000-30127`, `10.96.0.10/32-T-80-95`
 */
export function treeChainName(kind: TreeKind, part: string): ChainName {
  const readable = `KUBE-${kind}-${part.toUpperCase().replaceAll(/[.:/]/g, '-')}`;
  const name = readable.length <= LONGEST_NAME ? readable : `KUBE-${kind}-${keyHash(part)}`;
  return name as ChainName;
}

/** The tree that a chain belongs to; undefined for all other chains. */
export function treeKindOf(name: string): TreeKind | undefined {
  return TREE_CHAIN.exec(name)?.[1] as TreeKind | undefined;
}

/** Chains of dispatch trees: these go stale when the services under them do. */
export function isTreeChain(name: string): boolean {
  // Asked of each of a hundred thousand chains: most have three letters in this place, and are known by it.
  return name.charAt(7) === '-' && TREE_CHAIN.test(name);
}

/** The chain of one endpoint, or of a group of them. */
export function leadsToEndpoints(name: string): boolean {
  return name.startsWith('KUBE-SEP-') || isEndpointGroup(name);
}

/** The chain of a group of a service's endpoints: each of its rules names a chain. */
export function isEndpointGroup(name: string): boolean {
  return name.startsWith('KUBE-EPG-');
}

const PORTS = '[TUS]-\\d{1,5}-\\d{1,5}';
const TREE_CHAIN = new RegExp(
  `^KUBE-(IP|NP|RI|RE|LB|HC)-([0-9A-F-]+-\\d{1,3}(-${PORTS})?|${PORTS}|[A-Z2-7]{16})$`,
);

/**
 * Chains that come and go with services: those of single service ports and those of dispatch trees. KUBE-XLB
 * is an older kube-proxy's.
 */
export function isServiceChain(name: string): boolean {
  return /^KUBE-(SVC|SVL|EXT|FW|SEP|EPG|XLB)-/.test(name) || isTreeChain(name);
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const NAME_CHARACTERS = 16;

/** The first 16 characters of the base32 of the key's SHA-256. */
function keyHash(key: string): string {
  // As text: a hundred thousand small buffers would cost more than the hashing.
  const digest = hash('sha256', key, 'binary');
  let text = '';
  let bits = 0;
  let bitCount = 0;
  for (let index = 0; text.length < NAME_CHARACTERS; index += 1) {
    bits = ((bits << 8) | digest.charCodeAt(index)) & 0xffff;
    bitCount += 8;
    for (; bitCount >= 5; bitCount -= 5) text += BASE32.charAt((bits >> (bitCount - 5)) & 31);
  }
  return text.slice(0, NAME_CHARACTERS);
}
