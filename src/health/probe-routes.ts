import type { Node } from '../model/objects.ts';
import type { Answer } from './http/answer.ts';
import type { Routes } from './http/routes.ts';
import { healthzAnswer, livezAnswer } from './probe-answers.ts';
import type { ProxyHealth } from './proxy-health.ts';

export type Probe = 'healthz' | 'livez';

export interface ProbeSources {
  readonly health: () => ProxyHealth;
  /** This node as the cluster has it now; undefined where the cluster does not know it. */
  readonly node: () => Pick<Node, 'leaving'> | undefined;
  /** Told of every answer, for the metrics. */
  readonly onAnswer: (probe: Probe, code: '200' | '503') => void;
}

/** What healthzBindAddress serves. */
export function probeRoutes({ health, node, onAnswer }: ProbeSources): Routes {
  const counted = (probe: Probe, answer: Answer): Answer => {
    onAnswer(probe, answer.status === 200 ? '200' : '503');
    return answer;
  };
  return {
    '/healthz': () => counted('healthz', healthzAnswer(health(), node())),
    '/livez': () => counted('livez', livezAnswer(health())),
  };
}
