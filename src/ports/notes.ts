import { isPlaceholder } from './report.ts';
import type { PortEntry, PortFamily, PortListener } from './schema.ts';

/** What a reader should know of a port beyond its numbers, the worst first. */
export function notesOf(entry: PortEntry, family: PortFamily): readonly string[] {
  return [
    ...takenNotes(entry),
    ...claimNotes(entry),
    ...ruleNotes(entry, family),
    ...fateNotes(entry, family),
    ...(entry.ephemeral === true ? ['in the range of ephemeral ports'] : []),
  ];
}

function takenNotes({ listeners }: PortEntry): readonly string[] {
  return (listeners ?? []).flatMap((listener) => {
    const whose = `${processName(listener)} on ${listener.address}`;
    switch (listener.taken) {
      case 'yes':
        return [`TAKEN: the service gets what is meant for ${whose}`];
      case 'perhaps':
        return [`perhaps taken: the service may get what is meant for ${whose}`];
      case 'no':
        return isPlaceholder(listener) ? ['kept free of others by kube-proxy'] : [];
    }
  });
}

function claimNotes({ alsoClaimedBy }: PortEntry): readonly string[] {
  return alsoClaimedBy.length === 0 ? [] : [`also claimed by ${alsoClaimedBy.join(', ')}`];
}

function ruleNotes({ use }: PortEntry, { rule, fate }: PortFamily): readonly string[] {
  if (rule === 'foreign') return ["the kernel's rule is of another service"];
  if (rule !== 'missing') return [];
  // Refused is also what the host does with a port that nobody has; older proxies let health checks be.
  return use === 'healthChecks' || fate === 'refused' ? [] : ['NO RULE in the kernel'];
}

function fateNotes({ listeners }: PortEntry, { fate, turnedAway }: PortFamily): readonly string[] {
  switch (fate) {
    case 'forwarded':
      return [];
    case 'refused':
      return ['refused: no endpoints'];
    case 'dropped': {
      const count = turnedAway === null ? '' : ` (${turnedAway} so far)`;
      return [`dropped: no endpoint on this node${count}`];
    }
    case 'healthy':
      return ['health checks', ...unanswered(listeners)];
    case 'unhealthy':
      return ['health checks: 503, no ready endpoint on this node', ...unanswered(listeners)];
  }
}

/** The service proxy listens there itself. */
function unanswered(listeners: PortEntry['listeners']): readonly string[] {
  return listeners?.length === 0 ? ['NOBODY LISTENS, load balancers pass this node by'] : [];
}

/** `812/nginx`, as netstat has it. */
export function processName({ process }: PortListener): string {
  return process === null ? '?' : `${process.pid}/${process.command}`;
}
