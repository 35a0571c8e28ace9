import type { SpokenProtocol } from './protocol.ts';

/** What to ask of a lab. */
export interface LabRequest {
  /** `outside:ADDRESS` picks one of the client's addresses, `pod:ADDRESS` the pod that has it. */
  readonly from: 'outside' | 'node' | `outside:${string}` | `pod:${string}`;
  readonly to: { readonly address: string; readonly port: number; readonly protocol?: SpokenProtocol };
  /** 1 without it. */
  readonly count?: number;
  /** Milliseconds until a request counts as unanswered; 2,000 without it. */
  readonly timeout?: number;
  /** How many unanswered ones are enough to send no more; all are sent without it. */
  readonly enoughTimeouts?: number;
}
