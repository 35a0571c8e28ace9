import type { Milliseconds } from '../model/settings.ts';
import { FAMILIES } from '../net/address.ts';
import { backendOf, TOOL_LIMITS, type BackendKind } from './backend.ts';
import { listChain } from './list-chain.ts';
import { isTimeout, isUnavailable, runTool } from './tool.ts';

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
 * @throws ToolError where no iptables is installed, or a tool is stopped
 */
export async function detectBackend(
  via: readonly string[] = [],
  timeout: Milliseconds = TOOL_LIMITS.firstTry,
): Promise<BackendKind> {
  const [nft, legacy, byDefault] = await Promise.all([
    storeContent('nft', via, timeout),
    storeContent('legacy', via, timeout),
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

async function storeContent(
  kind: BackendKind,
  via: readonly string[],
  timeout: Milliseconds,
): Promise<StoreContent | undefined> {
  let kubernetesChains = 0;
  let rules = 0;
  const onLine = (line: string): void => {
    if (line.startsWith(':KUBE-')) kubernetesChains += 1;
    if (line.startsWith('-A ')) rules += 1;
  };
  try {
    await Promise.all(
      FAMILIES.map((family) => runTool(backendOf(kind, family, via).save, { onLine, timeout })),
    );
  } catch (error) {
    if (isTimeout(error)) return await busyContent(kind, via);
    // What ails a tool for a moment must not decide for the store that the node does not use.
    if (isUnavailable(error)) return undefined;
    throw error;
  }
  return { kubernetesChains, rules };
}

/** Chains by which a store is known to be the one of Kubernetes. */
const MARKS = [
  { table: 'mangle', chain: 'KUBE-KUBELET-CANARY' },
  { table: 'nat', chain: 'KUBE-SERVICES' },
] as const;

/** Of a store that a neighbour who commits without a pause keeps from being read: it is in use at any rate. */
async function busyContent(kind: BackendKind, via: readonly string[]): Promise<StoreContent> {
  const looks = FAMILIES.flatMap((family) =>
    MARKS.map((mark) => listChain(backendOf(kind, family, via), mark, () => undefined)),
  );
  const isOfKubernetes = (await Promise.all(looks)).includes(true);
  return { kubernetesChains: isOfKubernetes ? Infinity : 0, rules: Infinity };
}

/** `iptables v1.8.9 (nf_tables)`, or `(legacy)`, or neither before 1.8, which is legacy too. */
async function defaultKind(): Promise<BackendKind> {
  let version = '';
  await runTool(['iptables', '--version'], { onLine: (line) => (version += line) });
  return version.includes('nf_tables') ? 'nft' : 'legacy';
}
