import { shareOf } from '../inspect/check/share.ts';
import type { Fraction } from '../inspect/fraction.ts';

/** Of the share itself: before 1.16 kube-proxy wrote chances with five decimals. */
const TOLERANCE = 3e-5;

/** `1/3` of a third, whatever the digits by which rules approach it; decimals of what is no such part. */
export function shareText(fraction: Fraction): string {
  const share = shareOf(fraction);
  const parts = Math.round(1 / share);
  if (Math.abs(share * parts - 1) > TOLERANCE) return share.toFixed(4);
  return parts === 1 ? '1' : `1/${parts}`;
}
