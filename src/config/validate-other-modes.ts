import { parseCidr } from '../net/address.ts';
import type { Problem } from '../problems/problem.ts';
import type { Configuration } from './configuration.ts';
import { formatDuration } from './duration.ts';
import { NETWORK_WORDS, POSITIVE_DURATION_WORDS } from './fields.ts';
import type { Provenance } from './provenance.ts';

/**
 * The section of the mode that was asked for, as kube-proxy checks it, although nothing here uses it:
 * a configuration that kube-proxy refuses is not accepted either.
 */
export function otherModeProblems(configuration: Configuration, provenance: Provenance): readonly Problem[] {
  switch (configuration.mode) {
    case 'iptables':
      return [];
    case 'ipvs':
      return ipvsProblems(configuration, provenance);
    case 'nftables':
      return nftablesProblems(configuration, provenance);
  }
}

function ipvsProblems({ ipvs }: Configuration, provenance: Provenance): readonly Problem[] {
  return [
    ...periodProblems('ipvs', ipvs, provenance),
    ...(['tcpTimeout', 'tcpFinTimeout', 'udpTimeout'] as const)
      .filter((name) => ipvs[name] < 0)
      .map((name) =>
        provenance.expected(`ipvs.${name}`, 'a duration of 0s or more', formatDuration(ipvs[name])),
      ),
    ...ipvs.excludeCIDRs.flatMap((network, index) =>
      parseCidr(network) === undefined
        ? [provenance.expected(`ipvs.excludeCIDRs[${index}]`, NETWORK_WORDS, network)]
        : [],
    ),
  ];
}

function nftablesProblems({ nftables }: Configuration, provenance: Provenance): readonly Problem[] {
  const bit = nftables.masqueradeBit;
  const isBit = bit >= 0 && bit <= 31;
  return [
    ...periodProblems('nftables', nftables, provenance),
    ...(isBit ? [] : [provenance.expected('nftables.masqueradeBit', 'a whole number from 0 to 31', bit)]),
  ];
}

interface Periods {
  readonly syncPeriod: number;
  readonly minSyncPeriod: number;
}

function periodProblems(section: string, periods: Periods, provenance: Provenance): readonly Problem[] {
  const { syncPeriod, minSyncPeriod } = periods;
  const at = (name: keyof Periods, words: string): readonly Problem[] =>
    provenance.isBroken(`${section}.${name}`)
      ? []
      : [provenance.expected(`${section}.${name}`, words, formatDuration(periods[name]))];
  if (syncPeriod <= 0) return at('syncPeriod', POSITIVE_DURATION_WORDS);
  if (minSyncPeriod < 0) return at('minSyncPeriod', 'a duration of 0s or more');
  if (minSyncPeriod <= syncPeriod) return [];
  return at('minSyncPeriod', `a duration of at most ${section}.syncPeriod (${formatDuration(syncPeriod)})`);
}
