import type { Logger } from 'pino';
import type { PostEvent } from '../cluster/api/node-event.ts';
import { runTool } from '../iptables/tool.ts';
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

export interface PrepareOptions {
  readonly settings: Settings;
  readonly host: Pick<HostFacts, 'cores'>;
  /** IPv4 node ports are to answer on loopback. */
  readonly localhostNodePorts: boolean;
  /**
   * To prepare the node is all that is asked for (--init-only). Otherwise a read-only /proc/sys is no
   * reason to end: that is how the main container runs, whose settings an init container has made, and
   * where another agent changed one since, ending over and over would mend nothing.
   */
  readonly initOnly: boolean;
  readonly log: Logger;
  readonly postEvent: PostEvent;
}

/**
 * Makes the settings of the kernel that the rules and the configuration want.
 *
 * @throws NodeNotReadyError where one is refused without which the proxy would not do what it says
 */
export async function prepareNode(options: PrepareOptions): Promise<Prepared> {
  const { settings, host, localhostNodePorts, initOnly, log, postEvent } = options;
  if (initOnly) await loadConntrack();
  if (settings.oomScoreAdj !== undefined) {
    const outcome = await applyOomScoreAdj(settings.oomScoreAdj);
    if (outcome.kind === 'refused') log.warn(outcome.message);
  }
  const outcomes = await applyConntrackSysctls(settings.conntrack, host.cores);
  const all = localhostNodePorts ? [...outcomes, await allowLocalhostNodePorts()] : outcomes;
  for (const outcome of all) tell(outcome, log, postEvent);
  const fatal = all.filter(
    (outcome) =>
      isFatal(outcome) && (initOnly || outcome.kind !== 'refused' || outcome.reason !== 'readOnly'),
  );
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

/** Asking the tool loads the kernel's module; without the tool the settings tell what is missing. */
async function loadConntrack(): Promise<void> {
  await runTool(['conntrack', '-C']).catch(() => undefined);
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
