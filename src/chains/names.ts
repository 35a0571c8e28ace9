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

/**
 * Chains that belong to single service ports: these go stale when their service does. KUBE-XLB is an
 * older kube-proxy's.
 */
export function isServiceChain(name: string): boolean {
  return /^KUBE-(SVC|SVL|EXT|FW|SEP|XLB)-/.test(name);
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
