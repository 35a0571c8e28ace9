import type { Logger } from 'pino';
import { backendOf, type Backend } from '../iptables/backend.ts';
import { detectBackend } from '../iptables/detect-backend.ts';
import { listChain } from '../iptables/list-chain.ts';
import { isUnavailable, runTool, ToolError } from '../iptables/tool.ts';
import type { Settings } from '../model/settings.ts';
import { FAMILIES, familyOf, isUnspecified, type Family } from '../net/address.ts';
import type { HostFacts } from '../node/host.ts';

/**
 * The backends of the families that this node can serve: both, where the kernel and the tools allow it.
 *
 * Source: platformCheckSupported in cmd/kube-proxy/app/server_linux.go.
 *
 * @throws ToolError where the family that the node needs has no tools, or a tool is stopped: whether a family can
 *   be served is decided for good
 */
export async function chooseBackends(
  settings: Settings,
  host: Pick<HostFacts, 'ipv6Enabled'>,
  log: Logger,
): Promise<readonly Backend[]> {
  const kind = await detectBackend();
  const backends: Backend[] = [];
  const troubles: ToolError[] = [];
  const enabled = FAMILIES.filter((family) => family !== 'ipv6' || host.ipv6Enabled);
  if (enabled.length < FAMILIES.length)
    log.info({ family: 'ipv6' }, 'the kernel has this family switched off: no rules for it');
  const candidates = enabled.map((family) => backendOf(kind, family));
  const found = await Promise.all(candidates.map(missing));
  for (const [index, backend] of candidates.entries()) {
    const { family } = backend;
    const trouble = found[index];
    if (trouble === undefined) {
      backends.push(backend);
      continue;
    }
    if (family === boundFamily(settings)) throw trouble;
    troubles.push(trouble);
    log.warn({ family, error: trouble.message }, 'no tools for this family: no rules for it');
  }
  const [trouble] = troubles;
  if (backends.length === 0 && trouble !== undefined) throw trouble;
  log.info({ backend: kind, families: backends.map(({ family }) => family) }, 'rules will be written');
  return backends;
}

/** The family that the node cannot do without, where the configuration says so. */
function boundFamily({ bindAddress }: Settings): Family | undefined {
  return isUnspecified(bindAddress) ? undefined : familyOf(bindAddress);
}

async function missing(backend: Backend): Promise<ToolError | undefined> {
  if (await canList(backend)) return undefined;
  const { save, limits } = backend;
  try {
    await runTool([...save, '-t', 'nat'], { onLine: () => undefined, timeout: limits.firstTry });
  } catch (error) {
    if (isUnavailable(error)) return error;
    throw error;
  }
  return undefined;
}

/**
 * One chain says enough, and is read in milliseconds, also where the table is large, or a neighbour that commits
 * without a pause keeps it from being read.
 */
async function canList(backend: Backend): Promise<boolean> {
  try {
    return await listChain(backend, { table: 'nat', chain: 'POSTROUTING' }, () => undefined);
  } catch (error) {
    if (error instanceof ToolError) return false;
    throw error;
  }
}
