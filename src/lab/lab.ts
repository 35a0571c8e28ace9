import { existsSync } from 'node:fs';
import { AUTO_LAYOUT, type LayoutSettings } from '../chains/layout-choice.ts';
import type { Scene } from '../routing/scene.ts';
import type { BackendKind } from '../iptables/backend.ts';
import { detectBackend } from '../iptables/detect-backend.ts';
import type { Command } from '../iptables/tool.ts';
import type { Family } from '../net/address.ts';
import { startAgent, type AgentLink } from './agent-link.ts';
import { askerOf, readAddress } from './asker.ts';
import { buildNetwork } from './build.ts';
import { planChecks, type Check } from './checks.ts';
import { LabError } from './error.ts';
import { startHolder, type Holder } from './holder.ts';
import { planTopology } from './plan-topology.ts';
import type { Outcome } from './protocol.ts';
import type { LabRequest } from './request.ts';
import { routesOf, writeRules } from './rules.ts';
import { refuseStrangers } from './strangers.ts';
import { CLIENT, NODE, type Topology } from './topology.ts';

export type { LabRequest } from './request.ts';

export interface LabOptions {
  /** undefined: the one that this machine's `iptables` uses. */
  readonly backend?: BackendKind | undefined;
  /** Of the chains; by the number of services without it. */
  readonly layout?: LayoutSettings | undefined;
  /** Addresses of endpoints on which the lab leaves all ports free, for programs of the caller. */
  readonly vacant?: readonly string[] | undefined;
  /** Ends the lab, at whatever state of its building. */
  readonly signal?: AbortSignal | undefined;
  /** Told what is being done, a line at a time. */
  readonly onProgress?: ((line: string) => void) | undefined;
}

/** A throwaway node with pods, a second node and an outside client, and rules on it. */
export interface Lab extends AsyncDisposable {
  readonly backend: BackendKind;
  readonly topology: Topology;
  /** All that the applied scene promises. */
  readonly checks: readonly Check[];
  /**
   * Puts the rules of another scene in place of the last.
   *
   * @throws LabError where it has endpoints that the lab was not built with
   * @throws RestoreError where the kernel refuses the rules
   */
  apply(scene: Scene): Promise<void>;
  /** @throws LabError where nobody in the lab has the address to ask from */
  request(request: LabRequest): Promise<readonly Outcome[]>;
  /** Put before a command, runs it in a namespace of the topology. */
  via(namespace: string): Command;
  /** @returns the process to end for the lab to go; it stands until then, whatever becomes of us */
  keep(): number;
}

const DEFAULT_TIMEOUT = 2_000;
/** More would wait for each other on a small machine, and look like hanging. */
const CONCURRENCY = 16;

/**
 * Builds a lab for a scene and applies the scene's rules.
 *
 * @throws LabError where namespaces may not be made, or the scene does not fit into a lab
 * @throws ToolError where a command is missing or fails, RestoreError where the rules are refused
 */
export async function startLab(scene: Scene, options: LabOptions = {}): Promise<Lab> {
  const progress = options.onProgress ?? (() => undefined);
  const topology = planTopology(scene, kernelFamilies());
  const holder = await startHolder(options.signal);
  const agents = new Map<string, AgentLink>();
  const end = async (): Promise<void> => {
    if (await holder.end()) await Promise.all([...agents.values()].map(({ ended }) => ended));
  };
  try {
    const { others, pods } = topology;
    progress(`building a node, ${others.length} more, ${count(pods.length, 'pod')} and a client`);
    await buildNetwork(topology, scene.settings, holder);
    await startAgents(topology, new Set(options.vacant), holder, agents);
    const via = holder.via(NODE);
    const backend = options.backend ?? (await detectBackend(via));
    progress(`writing rules (${backend})`);
    const lab = labOf(topology, holder, agents, { backend, layout: options.layout ?? AUTO_LAYOUT }, end);
    await lab.apply(scene);
    return lab;
  } catch (error) {
    await end();
    throw error;
  }
}

/** IPv6 can be switched off when the kernel starts. */
function kernelFamilies(): readonly Family[] {
  return existsSync('/proc/net/if_inet6') ? ['ipv4', 'ipv6'] : ['ipv4'];
}

/** One in each namespace that serves or asks. */
async function startAgents(
  topology: Topology,
  vacant: ReadonlySet<string>,
  holder: Holder,
  agents: Map<string, AgentLink>,
): Promise<void> {
  const pods = topology.pods.map(({ namespace }) => namespace);
  for (const namespace of new Set([CLIENT, NODE, ...pods, ...topology.listeners.keys()])) {
    agents.set(namespace, startAgent(namespace, holder.via(namespace)));
  }
  await Promise.all(
    [...agents].map(([namespace, agent]) => {
      const listeners = topology.listeners.get(namespace) ?? [];
      return agent.serve(listeners.filter(({ address }) => !vacant.has(address)));
    }),
  );
}

function labOf(
  topology: Topology,
  holder: Holder,
  agents: ReadonlyMap<string, AgentLink>,
  { backend, layout }: { readonly backend: BackendKind; readonly layout: LayoutSettings },
  end: () => Promise<void>,
): Lab {
  let checks: readonly Check[] = [];
  return {
    backend,
    topology,
    get checks() {
      return checks;
    },
    apply: async (scene) => {
      refuseStrangers(scene.cluster, topology);
      const families = routesOf(scene, topology);
      await writeRules(families, layout, backend, holder.via(NODE));
      checks = planChecks(families, topology);
    },
    request: async ({ from, to, count = 1, timeout = DEFAULT_TIMEOUT, enoughTimeouts }) => {
      const { namespace, address: own } = askerOf(from, topology);
      const address = readAddress(to.address);
      const agent = agents.get(namespace);
      if (agent === undefined) throw new LabError(`nobody asks from ${from}`);
      const protocol = to.protocol ?? 'tcp';
      const limits = { count, concurrency: CONCURRENCY, timeout, enoughTimeouts };
      return agent.request({ address, port: to.port, protocol, from: own, ...limits });
    },
    via: (namespace) => holder.via(namespace),
    keep: () => {
      const keeper = holder.keep();
      for (const agent of agents.values()) agent.keep();
      return keeper;
    },
    [Symbol.asyncDispose]: end,
  };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
