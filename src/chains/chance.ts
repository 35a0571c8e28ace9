import type { Chance } from './rule.ts';

const KERNEL_UNIT = 2 ** 31;

/**
 * The chance of one in `count`, by way of kube-proxy's text: it writes ten decimals, and the kernel
 * rounds those to a multiple of 2^-31. Source: computeProbability in pkg/proxy/iptables/proxier.go
 * and lround in iptables' libxt_statistic.
 */
export function oneIn(count: number): Chance {
  return Math.round(Number((1 / count).toFixed(10)) * KERNEL_UNIT) as Chance;
}

/** The chance of `part` in `whole`, as near as the kernel can hold it: to 2^-32. */
export function partOf(part: number, whole: number): Chance {
  return Math.round((part / whole) * KERNEL_UNIT) as Chance;
}

/** The chance as iptables-save prints it, eleven decimals. Reading that text gives the same chance. */
export function chanceText(chance: Chance): string {
  return (chance / KERNEL_UNIT).toFixed(11);
}
