import type { Logger } from 'pino';
import type { PostEvent } from '../cluster/api/node-event.ts';
import type { Settings } from '../model/settings.ts';
import type { HostFacts } from '../node/host.ts';
import type { SettingOutcome } from '../node/kernel-setting.ts';
import { applyOomScoreAdj } from '../node/oom.ts';
import { allowLocalhostNodePorts, applyConntrackSysctls, isFatal } from '../node/sysctls.ts';

/** A setting of the kernel that the rules need could not be made. */
export class NodeNotReadyError extends Error {
  constructor(outcomes: readonly string[]) {
    super(`the node cannot be prepared: ${outcomes.join('; ')}`);
    this.name = 'NodeNotReadyError';
  }
}

/**
 * Makes the settings of the kernel that the rules and the configuration want.
 *
 * @param localhostNodePorts whether IPv4 node ports are to answer on loopback
 * @throws NodeNotReadyError where one is refused without which the proxy would not do what it says
 */
export async function prepareNode(
  settings: Settings,
  host: Pick<HostFacts, 'cores'>,
  localhostNodePorts: boolean,
  log: Logger,
  postEvent: PostEvent,
): Promise<Prepared> {
  if (settings.oomScoreAdj !== undefined) {
    const outcome = await applyOomScoreAdj(settings.oomScoreAdj);
    if (outcome.kind === 'refused') log.warn(outcome.message);
  }
  const outcomes = await applyConntrackSysctls(settings.conntrack, host.cores);
  const all = localhostNodePorts ? [...outcomes, await allowLocalhostNodePorts()] : outcomes;
  for (const outcome of all) tell(outcome, log, postEvent);
  const fatal = all.filter(isFatal);
  if (fatal.length > 0) throw new NodeNotReadyError(fatal.map(messageOf));
  const isMissing = outcomes.some((outcome) => outcome.kind === 'refused' && outcome.reason === 'missing');
  return {
    afterFirstRules: async () => {
      if (!isMissing) return;
      for (const outcome of await applyConntrackSysctls(settings.conntrack, host.cores))
        tell(outcome, log, postEvent);
    },
  };
}

export interface Prepared {
  /** The first rules load connection tracking where it was missing: its settings can be made then. */
  readonly afterFirstRules: () => Promise<void>;
}

function tell(outcome: SettingOutcome, log: Logger, postEvent: PostEvent): void {
  if (outcome.kind === 'changed') {
    log.info({ setting: outcome.path, before: outcome.before, now: outcome.value }, 'kernel setting changed');
  }
  if (outcome.kind !== 'refused') return;
  log.warn(outcome.message);
  postEvent({
    type: 'Warning',
    reason: 'KernelSettingRefused',
    action: 'StartKubeProxy',
    note: outcome.message,
  });
}

function messageOf(outcome: SettingOutcome): string {
  return outcome.kind === 'refused' ? outcome.message : outcome.path;
}
