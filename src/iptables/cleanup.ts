import { KUBE_FIREWALL, KUBE_MARK_MASQ, KUBE_POSTROUTING } from '../chains/fixed.ts';
import { isServiceChain } from '../chains/names.ts';
import type { Backend } from './backend.ts';
import { removalLines } from './restore-text.ts';
import { restore } from './restore.ts';
import { sections, tuningOf } from './sections.ts';
import { runTool } from './tool.ts';

/** Marks the tables that a kubelet uses; with it go chains that are the kubelet's as much as ours. */
const KUBELET_CANARY = 'KUBE-KUBELET-CANARY';
const KUBELETS: ReadonlySet<string> = new Set([KUBE_FIREWALL, KUBELET_CANARY]);
/** Older kubelets make these too, in whichever store they choose. */
const SHARED: ReadonlySet<string> = new Set([KUBE_FIREWALL, KUBE_MARK_MASQ, KUBE_POSTROUTING]);
/** Of kube-proxy's iptables mode, and ours. */
const FIXED =
  /^KUBE-(SERVICES|EXTERNAL-SERVICES|NODEPORTS|POSTROUTING|MARK-MASQ|FORWARD|PROXY-FIREWALL|PROXY-CANARY|FIREWALL)$/;
/** Of its ipvs mode alone. Source: iptablesCleanupChains in pkg/proxy/ipvs/proxier.go. */
const OF_IPVS = /^KUBE-(NODE-PORT|LOAD-BALANCER|SOURCE-RANGES-FIREWALL|IPVS-FILTER|IPVS-OUT-FILTER)$/;

/** What was removed from one store. */
export interface Cleaned {
  readonly chains: number;
  readonly jumps: number;
}

/**
 * Removes every chain and jump of a service proxy, ours or those of kube-proxy's modes iptables and ipvs, from
 * the store. What the kubelet writes itself stays where there is a kubelet.
 *
 * @throws RestoreError where another program's rule holds on to one of the chains
 */
export async function cleanUp(backend: Backend): Promise<Cleaned> {
  const tables = await readTables(backend);
  const keep = tables.some(({ chains }) => chains.includes(KUBELET_CANARY)) ? KUBELETS : new Set<string>();
  let chains = 0;
  let jumps = 0;
  for (const table of tables) {
    const gone = table.chains.filter((chain) => isOfProxy(chain) && !keep.has(chain));
    const jumpsGone = table.jumps.filter(({ target }) => gone.includes(target));
    if (gone.length === 0) continue;
    await restore(backend, () => [
      `*${table.name}`,
      ...jumpsGone.map(({ rule }) => rule.replace(/^-A/, '-D')),
      ...removalLines(gone, sections(table.name, tuningOf(backend.kind))),
      'COMMIT',
    ]);
    chains += gone.length;
    jumps += jumpsGone.length;
  }
  return { chains, jumps };
}

/** How many chains a service proxy has in the store. Those that a kubelet may have made do not count. */
export async function countProxyChains(backend: Backend): Promise<number> {
  const tables = await readTables(backend);
  const isSurely = (chain: string): boolean => isOfProxy(chain) && !SHARED.has(chain);
  return tables.reduce((sum, { chains }) => sum + chains.filter(isSurely).length, 0);
}

/**
 * Whether a store that holds chains of a service proxy holds nothing else that acts on packets: no rule and no
 * policy of others, for which one of the proxy's rules might be an exception. A proxy that serves from another
 * store can do without such chains.
 */
export async function holdsProxyChainsAlone(backend: Backend): Promise<boolean> {
  const tables = await readTables(backend);
  const hasChains = tables.some(({ chains }) =>
    chains.some((chain) => isOfProxy(chain) && !SHARED.has(chain)),
  );
  return hasChains && tables.every(({ hasOthers }) => !hasOthers);
}

function isOfProxy(chain: string): boolean {
  return FIXED.test(chain) || OF_IPVS.test(chain) || isServiceChain(chain);
}

interface TableContent {
  readonly name: string;
  readonly chains: readonly string[];
  /** Rules outside of Kubernetes' chains that lead into them. */
  readonly jumps: readonly { readonly rule: string; readonly target: string }[];
  /** Rules of others, or a policy that drops. */
  readonly hasOthers: boolean;
}

/** All tables at once: naming one that the legacy store does not have would make it. */
async function readTables(backend: Backend): Promise<readonly TableContent[]> {
  const tables: {
    name: string;
    chains: string[];
    jumps: { rule: string; target: string }[];
    hasOthers: boolean;
  }[] = [];
  await runTool(backend.save, {
    onLine: (line) => {
      if (line.startsWith('*')) tables.push({ name: line.slice(1), chains: [], jumps: [], hasOthers: false });
      const table = tables.at(-1);
      if (table === undefined) return;
      if (/^:\S+ DROP /.test(line)) table.hasOthers = true;
      if (line.startsWith(':KUBE-')) table.chains.push(line.slice(1, line.indexOf(' ')));
      if (!line.startsWith('-A ') || line.startsWith('-A KUBE-')) return;
      const target = / -j (KUBE-\S+)/.exec(line)?.[1];
      if (target === undefined) table.hasOthers = true;
      else table.jumps.push({ rule: line, target });
    },
  });
  return tables;
}
