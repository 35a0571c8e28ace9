import type { Family } from './address.ts';

export const FAMILY_NAMES = ['IPv4', 'IPv6'] as const;

/** A family as the Kubernetes API, kube-proxy's health answers and its metrics spell it. */
export type FamilyName = (typeof FAMILY_NAMES)[number];

export function familyName(family: Family): FamilyName {
  return family === 'ipv4' ? 'IPv4' : 'IPv6';
}
