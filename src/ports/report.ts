import type { BackendKind } from '../iptables/backend.ts';
import type { Address, Family } from '../net/address.ts';
import { ephemeralRangeConflicts, isEphemeral, type EphemeralPorts } from '../node/ephemeral-ports.ts';
import type { Listener } from '../model/listener.ts';
import { takenNodePorts, type TakenNodePort } from '../node/taken-node-ports.ts';
import { asRoutes, type Claim } from './claims.ts';
import { portKey, type KernelRules } from './kernel-rules.ts';
import { matchRules } from './rule-match.ts';
import type { PortEntry, PortListener, PortsReport } from './schema.ts';

/** What was found on the machine itself. */
export interface LiveFacts {
  /** undefined where the counters could not be read. */
  readonly backend: BackendKind | undefined;
  readonly rules: ReadonlyMap<Family, KernelRules>;
  /** On the claimed ports, of all other processes. */
  readonly listeners: readonly Listener[];
  /** undefined where the kernel does not tell. */
  readonly ephemeral: EphemeralPorts | undefined;
}

export interface ReportInput {
  readonly node: string;
  readonly claims: readonly Claim[];
  /** The node's addresses on which node ports answer. */
  readonly answersOn: readonly Address[];
  /** undefined where only the cluster was looked at. */
  readonly live: LiveFacts | undefined;
}

/** Until 1.22 kube-proxy held every node port open, so that nobody else could have it. */
const PLACEHOLDER = 'kube-proxy';

export function isPlaceholder({ process }: PortListener): boolean {
  return process?.command === PLACEHOLDER;
}

export function portsReport({ node, claims, answersOn, live }: ReportInput): PortsReport {
  const claimants = Map.groupBy(claims, ({ protocol, port }) => portKey(protocol, port));
  const listenersOf = live === undefined ? undefined : listenersByClaim(claims, answersOn, live.listeners);
  const ports = claims.map((claim): PortEntry => {
    const { port, protocol, use, service, policy, families } = claim;
    const others = claimants.get(portKey(protocol, port))?.filter((other) => other !== claim) ?? [];
    return {
      port,
      protocol,
      use,
      service,
      externalTrafficPolicy: policy,
      families: families.map((family) => ({
        ...family,
        ...matchRules(claim, family, live?.rules.get(family.family)),
      })),
      listeners: listenersOf?.(claim) ?? null,
      ephemeral: live?.ephemeral === undefined ? null : isEphemeral(live.ephemeral, port),
      alsoClaimedBy: others.map((other) => other.service),
    };
  });
  const conflict = live?.ephemeral && ephemeralRangeConflicts(asRoutes(claims), live.ephemeral);
  return {
    node,
    live: live !== undefined,
    backend: live?.backend ?? null,
    answersOn,
    ports,
    ephemeral: conflict ?? null,
  };
}

/** Whether the traffic of some process goes to a service for certain. */
export function isTaken({ listeners }: PortEntry): boolean {
  return listeners?.some(({ taken }) => taken === 'yes') ?? false;
}

function listenersByClaim(
  claims: readonly Claim[],
  answersOn: readonly Address[],
  found: readonly Listener[],
): (claim: Claim) => readonly PortListener[] {
  const byPort = Map.groupBy(found, ({ protocol, port }) => portKey(protocol, port));
  const rivals = found.filter(({ owner }) => owner?.command !== PLACEHOLDER);
  // Who answers health checks must listen on their port: that is no theft.
  const traffic = claims.filter(({ use }) => use === 'traffic');
  const taken = Map.groupBy(takenNodePorts(asRoutes(traffic), rivals, answersOn), ({ listener }) => listener);
  return ({ port, protocol, use, service }) =>
    (byPort.get(portKey(protocol, port)) ?? []).map((listener) => {
      const losses = use === 'traffic' ? (taken.get(listener) ?? []) : [];
      const { address, owner } = listener;
      const process = owner === undefined ? null : { pid: owner.pid, command: owner.command };
      return { address, process, taken: certaintyOf(losses.filter((loss) => loss.service === service)) };
    });
}

/** Sure in one family is sure enough. */
function certaintyOf(losses: readonly TakenNodePort[]): PortListener['taken'] {
  if (losses.length === 0) return 'no';
  return losses.some(({ certainty }) => certainty === 'sure') ? 'yes' : 'perhaps';
}
