import type { Settings } from '../model/settings.ts';
import { runTool, ToolError, type Command } from '../iptables/tool.ts';
import { LabError } from './error.ts';
import type { Holder } from './holder.ts';
import { clientLines, linkLines, namespaceLines, nodeLines, podLines } from './network.ts';
import { clientSysctls, nodeSysctls, otherNodeSysctls, type Sysctls } from './sysctls.ts';
import type { Topology } from './topology.ts';

/** Makes the machines of a topology and connects them. Nothing listens yet. */
export async function buildNetwork(topology: Topology, settings: Settings, holder: Holder): Promise<void> {
  const { node, others, client, pods, families } = topology;
  // `ip netns` and the lock of the legacy tables live in /run.
  await runTool([...holder.via(), 'mount', '-t', 'tmpfs', 'tmpfs', '/run']);
  await ipBatch(holder, undefined, namespaceLines(topology));
  await Promise.all([
    setSysctls(holder, node.namespace, nodeSysctls(settings, families)),
    setSysctls(holder, client.namespace, clientSysctls(families)),
    ...others.map(({ namespace }) => setSysctls(holder, namespace, otherNodeSysctls(families))),
  ]);
  await ipBatch(holder, undefined, linkLines(topology));
  await Promise.all([
    ipBatch(holder, client.namespace, clientLines(topology)),
    ...[node, ...others].map((each) => ipBatch(holder, each.namespace, nodeLines(topology, each))),
    ...pods.map((pod) => ipBatch(holder, pod.namespace, podLines(pod))),
  ]);
}

async function ipBatch(
  holder: Holder,
  namespace: string | undefined,
  lines: readonly string[],
): Promise<void> {
  const command: Command = [...holder.via(namespace), 'ip', '-batch', '-'];
  try {
    await runTool(command, { input: [`${lines.join('\n')}\n`] });
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    const number = Number(/Command failed -:(\d+)/.exec(error.stderr)?.[1]);
    const line = lines[number - 1];
    if (line === undefined) throw error;
    throw new LabError(`${namespace ?? 'switch'}: ip ${line}: ${error.stderr}`, { cause: error });
  }
}

async function setSysctls(holder: Holder, namespace: string, sysctls: Sysctls): Promise<void> {
  for (const [value, files] of sysctls) {
    if (files.length > 0)
      await runTool([...holder.via(namespace), 'tee', ...files], { input: [`${value}\n`] });
  }
}
