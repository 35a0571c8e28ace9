import type { Logger } from 'pino';
import { backendOf } from '../iptables/backend.ts';
import { cleanUp } from '../iptables/cleanup.ts';
import { ToolError } from '../iptables/tool.ts';
import { FAMILIES } from '../net/address.ts';
import type { Fate } from './fate.ts';
import { removeIpsets, removeIpvs } from './ipvs.ts';
import { removeNftables } from './nftables.ts';

/**
 * Removes all that a service proxy may have left on the node: rules in both of iptables' stores, since what an
 * older system left in the other one still acts on packets, and what kube-proxy's modes nftables and ipvs
 * make. Each thing that is found is told, with what became of it.
 *
 * @returns false where something could not be removed though the tools for it are there
 */
export async function cleanNode(log: Pick<Logger, 'info' | 'warn' | 'error'>): Promise<boolean> {
  const fates = [
    // Before the rules, as kube-proxy does: without them packets for services would reach its interface.
    ...(await removeIpvs()),
    ...(await removeRules()),
    ...(await removeIpsets()),
    ...(await removeNftables()),
  ];
  for (const fate of fates) tell(fate, log);
  if (fates.every(({ kind }) => kind === 'unknown')) log.info('nothing of a service proxy was found');
  return fates.every(({ kind }) => kind !== 'failed');
}

async function removeRules(): Promise<readonly Fate[]> {
  const fates: Fate[] = [];
  for (const kind of ['nft', 'legacy'] as const) {
    for (const family of FAMILIES) {
      const what = `${family} rules of iptables-${kind}`;
      try {
        const { chains, jumps } = await cleanUp(backendOf(kind, family));
        if (chains > 0) fates.push({ kind: 'removed', what: `${what}: ${chains} chains, ${jumps} jumps` });
      } catch (error) {
        if (error instanceof ToolError && error.kind === 'missing') continue;
        fates.push({ kind: 'failed', what, why: String(error) });
      }
    }
  }
  return fates;
}

function tell(fate: Fate, log: Pick<Logger, 'info' | 'warn' | 'error'>): void {
  switch (fate.kind) {
    case 'removed':
      log.info(`removed: ${fate.what}`);
      return;
    case 'left':
      log.warn(`left: ${fate.what}: ${fate.why}`);
      return;
    case 'unknown':
      log.info(`left, if it is there: ${fate.what}: ${fate.why}`);
      return;
    case 'failed':
      log.error(`could not be removed: ${fate.what}: ${fate.why}`);
  }
}
