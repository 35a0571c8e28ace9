import type { Logger } from 'pino';
import type { PostEvent } from '../cluster/api/node-event.ts';
import { backendOf, type BackendKind } from '../iptables/backend.ts';
import { countProxyChains, holdsProxyChainsAlone } from '../iptables/cleanup.ts';
import { FAMILIES } from '../net/address.ts';
import { hasIpvsDevice } from './ipvs.ts';
import { nftablesLeftovers, tableOf } from './nftables.ts';
import { otherStore } from './other-store.ts';

const EFFECT = 'which the kernel obeys beside ours';

interface Leftover {
  readonly what: string;
  /** What to do, once no other service proxy runs. */
  readonly remedy: string;
}

/**
 * Warns of rules that a service proxy has left where we neither write nor look. kube-proxy removes the tables
 * of its nftables mode itself when it starts in another; here nothing is removed before our first sync, since
 * connections may still depend on it, and afterwards only what nothing else can depend on.
 *
 * @param kind of the store that we write
 */
export async function warnOfLeftovers(
  kind: BackendKind,
  log: Pick<Logger, 'warn'>,
  postEvent: PostEvent,
): Promise<void> {
  for (const { what, remedy } of await leftovers(kind)) {
    const note = `${what}, ${EFFECT}; where no other service proxy runs: ${remedy}`;
    log.warn(note);
    postEvent({ type: 'Warning', reason: 'OtherProxyRules', action: 'StartKubeProxy', note });
  }
}

async function leftovers(kind: BackendKind): Promise<readonly Leftover[]> {
  const other = otherStore(kind);
  const found: Leftover[] = [];
  for (const family of FAMILIES) {
    const backend = backendOf(other, family);
    // That will be removed, and told then.
    if ((await unlessItFails(() => holdsProxyChainsAlone(backend))) === true) continue;
    const chains = await unlessItFails(() => countProxyChains(backend));
    if (chains !== undefined && chains > 0) {
      const remedy = 'chainwright run --cleanup removes them, and ours, which the next start writes again';
      found.push({ what: `iptables-${other} holds ${chains} ${family} chains of a service proxy`, remedy });
    }
  }
  for (const family of (await unlessItFails(nftablesLeftovers)) ?? []) {
    const what = `nftables holds the table ${tableOf(family)} of kube-proxy's nftables mode`;
    found.push({ what, remedy: `nft delete table ${tableOf(family)}` });
  }
  if (await hasIpvsDevice()) {
    const what = "the node has the interface kube-ipvs0 of kube-proxy's ipvs mode";
    found.push({ what, remedy: 'ipvsadm -C, and ip link delete kube-ipvs0' });
  }
  return found;
}

/** Of a store that cannot be read there is nothing to say. */
async function unlessItFails<Result>(look: () => Promise<Result>): Promise<Result | undefined> {
  return await look().catch(() => undefined);
}
