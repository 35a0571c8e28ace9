import type { Fault } from './fault.ts';
import type { Timing } from './timing.ts';

/**
 * What a reflector does next. `from` is a resource version: `0` is whatever the server has at hand in its
 * cache, a number nothing older than that, and the empty text the truth in its store.
 */
export type Step =
  /** A list, in pages if the server likes. */
  | { readonly kind: 'list'; readonly from: string }
  /** A watch that begins with the objects there are (WatchList): list and watch in one request. */
  | { readonly kind: 'stream'; readonly from: string }
  | {
      readonly kind: 'watch';
      readonly from: string;
      /** Whether to ask first if the server has come as far as `from`: after a fault it may be another one. */
      readonly verify: boolean;
    };

export interface State {
  readonly step: Step;
  /** Faults in a row without a success between. */
  readonly attempt: number;
  /** Whether the server may know WatchList. */
  readonly mayStream: boolean;
}

/** How a step came out. */
export type Outcome = { readonly kind: 'listed'; readonly version: string } | Ended;

export interface Ended {
  readonly kind: 'ended';
  /** The version that the stream came to; undefined where the first objects were not all told. */
  readonly version: string | undefined;
  /** undefined: the server closed the stream in an orderly way. */
  readonly fault: Fault | undefined;
  /** Whether the version moved. */
  readonly moved: boolean;
  /** Milliseconds since the stream was opened; 0 where it never was. */
  readonly lived: number;
}

export interface Next {
  readonly state: State;
  /** Milliseconds to wait before the step. */
  readonly pause: number;
}

export const INITIAL_STATE: State = { step: { kind: 'stream', from: '0' }, attempt: 0, mayStream: true };

/** The one place that decides what follows from what. `random` is drawn from [0, 1). */
export function nextState(state: State, outcome: Outcome, timing: Timing, random: number): Next {
  if (outcome.kind === 'listed') {
    return { state: { ...state, step: { kind: 'watch', from: outcome.version, verify: false } }, pause: 0 };
  }
  const { fault, version } = outcome;
  const reached: Step =
    version === undefined ? state.step : { kind: 'watch', from: version, verify: fault !== undefined };
  const success = succeeded(outcome, timing);
  const attempt = success ? 0 : state.attempt;
  if (fault === undefined) {
    // A server that closes at once and says nothing is no reason to hurry.
    if (success) return { state: { ...state, step: reached, attempt }, pause: 0 };
    return {
      state: { ...state, step: reached, attempt: attempt + 1 },
      pause: backoff(attempt, timing, random),
    };
  }
  const mayStream = state.mayStream && !refusesToStream(fault, reached);
  const step = afterFault(fault, reached, mayStream);
  return {
    state: { step, attempt: attempt + 1, mayStream },
    pause: pauseAfter(fault, reached, attempt, timing, random),
  };
}

/**
 * Whether the server did its part. Faults that cost a list need more than a moved version: a server that
 * sends one event and then nonsense would have us list without end.
 */
function succeeded({ version, fault, moved, lived }: Ended, timing: Timing): boolean {
  if (version === undefined) return false;
  return lived >= timing.settled || (moved && (fault === undefined || !losesTrack(fault)));
}

/** Whether the stream cannot be taken up where it broke off. */
function losesTrack({ kind }: Fault): boolean {
  return kind === 'expired' || kind === 'ahead' || kind === 'garbled' || kind === 'unsupported';
}

/** Servers without WatchList answer 400 or 422; older ones may wait for ever for what they do not know. */
function refusesToStream({ kind }: Fault, step: Step): boolean {
  return step.kind === 'stream' && (kind === 'unsupported' || kind === 'silent' || kind === 'garbled');
}

function afterFault(fault: Fault, step: Step, mayStream: boolean): Step {
  const anew = (from: string): Step => ({ kind: mayStream ? 'stream' : 'list', from });
  switch (fault.kind) {
    case 'expired':
    case 'ahead':
      return anew('');
    case 'unsupported':
      return anew(step.kind === 'stream' ? step.from : '');
    case 'garbled':
    case 'silent':
      return step.kind === 'watch' && fault.kind === 'silent' ? step : anew(step.from);
    case 'unauthorized':
    case 'forbidden':
    case 'busy':
    case 'refused':
    case 'connection':
    case 'credentials':
      return step;
  }
}

function pauseAfter(fault: Fault, step: Step, attempt: number, timing: Timing, random: number): number {
  if (step.kind === 'stream' && fault.kind === 'unsupported') return 0;
  const usual = backoff(attempt, timing, random);
  switch (fault.kind) {
    // What mends these is the next request itself.
    case 'expired':
    case 'ahead':
    case 'unauthorized':
      return attempt === 0 ? 0 : usual;
    case 'busy':
      return Math.max(usual, (fault.retryAfter ?? 0) * (1 + random / 4));
    case 'unsupported':
    case 'forbidden':
    case 'refused':
    case 'connection':
    case 'silent':
    case 'garbled':
    case 'credentials':
      return usual;
  }
}

function backoff(attempt: number, { pause: [first, longest] }: Timing, random: number): number {
  return Math.min(longest, first * 2 ** Math.min(attempt, 30)) * (1 - random / 2);
}
