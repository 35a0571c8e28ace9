import { fileURLToPath } from 'node:url';
import type { Command } from '../iptables/tool.ts';

/** How an agent is started: by this very Node, from the sources or from the bundle that we run from. */
export function agentCommand(): Command {
  const here = fileURLToPath(import.meta.url);
  const node: Command = [process.execPath, '--disable-warning=ExperimentalWarning'];
  if (here.endsWith('.ts')) return [...node, fileURLToPath(new URL('agent-main.ts', import.meta.url))];
  return [...node, here, 'lab-agent'];
}
