import { FAMILIES, type Family } from '../net/address.ts';
import type { Milliseconds } from '../model/settings.ts';
import { runTool, ToolError, type Command } from './tool.ts';

/** Which of the kernel's two rule stores holds the rules. Rules in both at once are a mix-up. */
export type BackendKind = 'nft' | 'legacy';

/**
 * How long a tool may take before it is stopped: one whose failure is made up for by other means, and one
 * without which rules stay as they are. Ten times and more of what 10,000 services take on a starved node.
 */
export interface ToolLimits {
  readonly firstTry: Milliseconds;
  readonly lastResort: Milliseconds;
}

const LIMITS: ToolLimits = { firstTry: 30_000, lastResort: 300_000 };

/** The tools of one family, by the names that leave no doubt which store they write. */
export interface Backend {
  readonly kind: BackendKind;
  readonly family: Family;
  /** The commands, each the program and its first arguments. */
  readonly restore: Command;
  readonly save: Command;
  /** `iptables` itself. */
  readonly list: Command;
  /** Prints the changes that anybody makes, of either family; the legacy store tells of none. */
  readonly monitor: Command;
  readonly limits: ToolLimits;
}

/**
 * @param via a command that runs another one elsewhere, such as `ip netns exec node`
 */
export function backendOf(kind: BackendKind, family: Family, via: readonly string[] = []): Backend {
  const run = (file: string, ...args: readonly string[]): Command => {
    const [first, ...rest] = via;
    return first === undefined ? [file, ...args] : [first, ...rest, file, ...args];
  };
  const name = `${family === 'ipv4' ? 'iptables' : 'ip6tables'}-${kind}`;
  return {
    kind,
    family,
    restore: run(`${name}-restore`),
    save: run(`${name}-save`),
    list: run(name),
    monitor: run('stdbuf', '--output=L', 'xtables-monitor', '--event'),
    limits: LIMITS,
  };
}

/** What one store holds; undefined where its tools are missing. */
export interface StoreContent {
  /** A chain of the kubelet's that marks the store it uses, or chains of a service proxy. */
  readonly kubernetesChains: number;
  readonly rules: number;
}

/**
 * Chooses the store that the node uses: the one that holds Kubernetes' chains, else the one with more
 * rules, else that of the default `iptables`. Two programs in different stores would both be obeyed,
 * which nobody wants.
 *
 * @throws ToolError where no iptables is installed
 */
export async function detectBackend(via: readonly string[] = []): Promise<BackendKind> {
  const [nft, legacy, byDefault] = await Promise.all([
    storeContent('nft', via),
    storeContent('legacy', via),
    defaultKind(),
  ]);
  return chooseBackend(nft, legacy, byDefault);
}

/** The choice itself, apart from looking. */
export function chooseBackend(
  nft: StoreContent | undefined,
  legacy: StoreContent | undefined,
  byDefault: BackendKind,
): BackendKind {
  if (nft === undefined || legacy === undefined) {
    if (nft === legacy) return byDefault;
    return nft === undefined ? 'legacy' : 'nft';
  }
  if (nft.kubernetesChains !== legacy.kubernetesChains) {
    return nft.kubernetesChains > legacy.kubernetesChains ? 'nft' : 'legacy';
  }
  if (nft.rules !== legacy.rules) return nft.rules > legacy.rules ? 'nft' : 'legacy';
  return byDefault;
}

async function storeContent(kind: BackendKind, via: readonly string[]): Promise<StoreContent | undefined> {
  let kubernetesChains = 0;
  let rules = 0;
  const onLine = (line: string): void => {
    if (line.startsWith(':KUBE-')) kubernetesChains += 1;
    if (line.startsWith('-A ')) rules += 1;
  };
  try {
    await Promise.all(FAMILIES.map((family) => runTool(backendOf(kind, family, via).save, { onLine })));
  } catch (error) {
    if (error instanceof ToolError) return undefined;
    throw error;
  }
  return { kubernetesChains, rules };
}

/** `iptables v1.8.9 (nf_tables)`, or `(legacy)`, or neither before 1.8, which is legacy too. */
async function defaultKind(): Promise<BackendKind> {
  let version = '';
  await runTool(['iptables', '--version'], { onLine: (line) => (version += line) });
  return version.includes('nf_tables') ? 'nft' : 'legacy';
}
