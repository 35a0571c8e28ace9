import { runTool, ToolError } from '../iptables/tool.ts';
import { FAMILIES, type Family } from '../net/address.ts';
import type { Fate } from './fate.ts';

/** The table of kube-proxy's nftables mode, one in each family. Source: pkg/proxy/nftables/proxier.go. */
const TABLE = 'kube-proxy';
const NFT_FAMILY: Readonly<Record<Family, string>> = { ipv4: 'ip', ipv6: 'ip6' };

/**
 * The families in which kube-proxy's nftables mode has a table.
 *
 * @returns undefined where nobody can tell, since `nft` is not installed
 * @throws ToolError where it fails
 */
export async function nftablesLeftovers(): Promise<readonly Family[] | undefined> {
  const tables = new Set<string>();
  try {
    await runTool(['nft', 'list', 'tables'], { onLine: (line) => tables.add(line.trim()) });
  } catch (error) {
    if (error instanceof ToolError && error.kind === 'missing') return undefined;
    throw error;
  }
  return FAMILIES.filter((family) => tables.has(`table ${tableOf(family)}`));
}

/** Removes those tables. Source: CleanupLeftovers in pkg/proxy/nftables/cleanup.go. */
export async function removeNftables(): Promise<readonly Fate[]> {
  const what = `table ${TABLE} of nftables`;
  try {
    const families = await nftablesLeftovers();
    if (families === undefined) {
      return [{ kind: 'unknown', what, why: 'nft is not installed, which alone could tell and remove it' }];
    }
    for (const family of families) await runTool(['nft', 'delete', 'table', ...tableOf(family).split(' ')]);
    return families.map((family) => ({ kind: 'removed', what: `table ${tableOf(family)} of nftables` }));
  } catch (error) {
    return [{ kind: 'failed', what, why: String(error) }];
  }
}

/** As `nft` names it: `ip kube-proxy`. */
export function tableOf(family: Family): string {
  return `${NFT_FAMILY[family]} ${TABLE}`;
}
