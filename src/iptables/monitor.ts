import type { Backend } from './backend.ts';
import { runTool } from './tool.ts';

/**
 * Tells when somebody takes rules from the chains that every node has, or the jumps to them, or whole tables: what
 * a flush does first of all, and a change of services never. Only the kernel's nft store tells of changes.
 * While there are none, listening costs nothing.
 *
 * Resolves when the signal aborts.
 *
 * @throws ToolError when the tool is missing or ends; so it does where more changes at once than the
 *   kernel keeps for a listener, which a flush of a large node is
 */
export async function monitorLosses(
  { family, monitor }: Backend,
  onLoss: () => void,
  signal: AbortSignal,
): Promise<void> {
  const onLine = (line: string): void => {
    if (isLoss(line)) onLoss();
  };
  // Through stdbuf, since the tool keeps what it says to a pipe until there is enough of it.
  const command = [...monitor, family === 'ipv4' ? '-4' : '-6'] as const;
  try {
    await runTool(command, { onLine, timeout: 'none', signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

const DELETION = /^ EVENT: -[46] -t (?:filter|nat|mangle) -[DX] (\S+)(.*)$/;

/** Of a line that `xtables-monitor --event` prints. */
export function isLoss(line: string): boolean {
  const [, chain = '', rule = ''] = DELETION.exec(line) ?? [];
  if (chain.startsWith('KUBE-')) return QUIET_CHAIN.test(chain);
  return rule.includes(' -j KUBE-');
}

/** Chains that a change of services leaves as they are, unlike the dispatch chains. */
const QUIET_CHAIN = /^KUBE-(POSTROUTING|MARK-MASQ|FORWARD|PROXY-CANARY)$/;
