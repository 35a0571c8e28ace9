import type { Node } from '../model/objects.ts';
import { familyName } from '../net/family-name.ts';
import { json, type TextAnswer } from './http/answer.ts';
import type { ProxyHealth } from './proxy-health.ts';

/** What load balancers are told by `/healthz`: the rules are current, and the node is to stay. */
export function healthzAnswer(health: ProxyHealth, node: Pick<Node, 'leaving'> | undefined): TextAnswer {
  const nodeEligible = node !== undefined && !node.leaving;
  return probeAnswer(health, health.healthy && nodeEligible, { nodeEligible });
}

/** What the kubelet is told by `/livez`: a node that leaves is no reason to restart the program. */
export function livezAnswer(health: ProxyHealth): TextAnswer {
  return probeAnswer(health, health.healthy, {});
}

/**
 * The body is kube-proxy's, field by field: a good answer has the present as `lastUpdated`, as clients
 * of old take that for the time of the last look; the times of the syncs are in `status`.
 */
function probeAnswer(
  { healthy, at, families }: ProxyHealth,
  good: boolean,
  extra: Readonly<Record<string, boolean>>,
): TextAnswer {
  const lastUpdates = families.map(({ lastUpdated }) => lastUpdated);
  const status = families.map(({ family, lastUpdated, healthy: familyHealthy }) => [
    familyName(family),
    { lastUpdated: timeText(lastUpdated), healthy: familyHealthy },
  ]);
  return json(good ? 200 : 503, {
    lastUpdated: good ? timeText(at) : latestText(lastUpdates),
    currentTime: timeText(at),
    ...extra,
    healthy,
    ...(status.length > 0 && { status: Object.fromEntries(status) as unknown }),
  });
}

function timeText(time: number): string {
  return new Date(time).toISOString();
}

function latestText(times: readonly number[]): string {
  return times.length === 0 ? NEVER : timeText(Math.max(...times));
}

/** The zero time of Go, which clients know. */
const NEVER = '0001-01-01T00:00:00Z';
