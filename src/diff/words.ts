import { joinHostPort, type Address } from '../net/address.ts';
import type { DealtEndpoint, EntryMeaning, Otherwise, Way } from './meaning.ts';

const KINDS: Readonly<Record<EntryMeaning['kind'], string>> = {
  clusterIP: 'cluster IP',
  externalIP: 'external IP',
  loadBalancerIP: 'load balancer',
  nodePort: 'NodePort',
};

/** `NodePort 30080/TCP`, `cluster IP 10.96.0.10:80/TCP`; of IPv6, where the address does not tell, `(IPv6)`. */
export function entryName({ kind, family, protocol, address, port }: EntryMeaning): string {
  const where = address === undefined ? String(port) : joinHostPort(address as Address, port);
  const untold = address === undefined && family === 'ipv6' ? ' (IPv6)' : '';
  return `${KINDS[kind]} ${where}/${protocol.toUpperCase()}${untold}`;
}

/** What becomes of a way's packets. */
export function wayWords({ endpoints, otherwise }: Way): string {
  const dealt = endpoints.length === 0 ? [] : [`${countWords(endpoints)}, ${sharesWords(endpoints)}`];
  return [...dealt, ...otherwise.map(otherWords)].join('; ');
}

/** `2 -> 3 endpoints, 1/2 -> 1/3 each`, or who is exchanged for whom. */
export function endpointWords(before: Way, after: Way): string {
  const [old, now] = [before.endpoints.length, after.endpoints.length];
  const [oldShares, nowShares] = [sharesWords(before.endpoints), sharesWords(after.endpoints)];
  const shares = oldShares === nowShares ? '' : `, ${oldShares.replace(/ each$/, '')} -> ${nowShares}`;
  if (old !== now) return `${old} -> ${countWords(after.endpoints)}${shares}`;
  const held = new Set(before.endpoints.map(({ to }) => to));
  const others = after.endpoints.filter(({ to }) => !held.has(to)).length;
  if (others === 0) return `other shares of the same ${countWords(after.endpoints)}${shares}`;
  return `${others} of ${countWords(after.endpoints)} exchanged${shares}`;
}

/** @param elsewhere other askers get to endpoints, so that it is not for want of any */
export function otherwiseWords(before: Way, after: Way, elsewhere: boolean): string {
  if (after.otherwise.length === 0) {
    return `no longer ${before.otherwise.map(fateWord).join(' or ')}: ${wayWords(after)}`;
  }
  return `now ${after.otherwise.map((other) => fateWord(other) + reason(other, elsewhere)).join(' or ')}`;
}

function reason({ fate, part }: Otherwise, elsewhere: boolean): string {
  switch (fate) {
    case 'refused':
      return ': no endpoints';
    case 'dropped':
      return elsewhere ? ': no endpoint for them on this node' : '';
    case 'leftAlone':
      return ': no rule takes it';
    case 'unknown':
      return `: ${part}`;
  }
}

function otherWords(other: Otherwise): string {
  return other.share === '1' ? fateWord(other) : `${other.share} ${fateWord(other)}`;
}

function fateWord({ fate }: Otherwise): string {
  switch (fate) {
    case 'refused':
    case 'dropped':
      return fate;
    case 'leftAlone':
      return 'left alone';
    case 'unknown':
      return 'not to be told';
  }
}

function countWords(endpoints: readonly DealtEndpoint[]): string {
  return `${endpoints.length} endpoint${endpoints.length === 1 ? '' : 's'}`;
}

function sharesWords(endpoints: readonly DealtEndpoint[]): string {
  const shares = new Set(endpoints.map(({ share }) => share));
  const [first = '0'] = shares;
  if (shares.size !== 1) return 'unequal shares';
  return first === '1' ? 'all' : `${first} each`;
}

const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
] as const;

/** `3 h` of 10,800 seconds; seconds where no larger unit fits. */
export function durationWords(seconds: number): string {
  for (const [size, unit] of UNITS) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}`;
  }
  return `${seconds} s`;
}
