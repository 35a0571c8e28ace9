import type { Logger } from 'pino';
import { backendOf, type BackendKind } from '../iptables/backend.ts';
import { cleanUp, holdsProxyChainsAlone } from '../iptables/cleanup.ts';
import { FAMILIES } from '../net/address.ts';

/** The store of iptables that is not the one in use. */
export function otherStore(kind: BackendKind): BackendKind {
  return kind === 'nft' ? 'legacy' : 'nft';
}

/**
 * Removes what a service proxy has left in the other store of iptables, as after an upgrade of the system that
 * changed the store. To be called when our rules stand in both families: new connections go by them then, and
 * open ones by the kernel's memory of connections, which is one for both stores.
 *
 * Only where nothing else acts on packets there. Beside a policy that drops, or rules of a firewall, the
 * leftovers may be what lets the traffic of services pass, and stay until somebody decides.
 *
 * @param kind of the store in use
 */
export async function removeOtherStore(kind: BackendKind, log: Pick<Logger, 'info' | 'warn'>): Promise<void> {
  const other = otherStore(kind);
  for (const family of FAMILIES) {
    const backend = backendOf(other, family);
    const what = `${family} rules that a service proxy left in iptables-${other}`;
    // Of a store that cannot be read there is nothing to say.
    if (!(await holdsProxyChainsAlone(backend).catch(() => false))) continue;
    try {
      const { chains, jumps } = await cleanUp(backend);
      log.info({ chains, jumps }, `removed: ${what}`);
    } catch (error) {
      log.warn({ error: String(error) }, `could not be removed: ${what}`);
    }
  }
}
