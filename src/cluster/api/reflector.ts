import { setTimeout as sleep } from 'node:timers/promises';
import type { Change } from '../source.ts';
import { faultOfException } from './classify.ts';
import type { Fault } from './fault.ts';
import type { Intake } from './intake.ts';
import type { Known } from './known.ts';
import { listAll, verifyVersion } from './list.ts';
import type { Resource } from './resource.ts';
import { INITIAL_STATE, nextState, type Outcome, type State, type Step } from './steps.ts';
import type { Timing } from './timing.ts';
import type { Transport } from './transport.ts';
import { watchSession } from './watch-session.ts';
import { watchFrom } from './watch.ts';

export interface ReflectorOptions<Model> {
  readonly send: Transport;
  readonly resource: Resource<Model>;
  readonly known: Known<Model>;
  readonly intake: Intake<Model>;
  readonly timing: Timing;
  /** Bytes of one object. */
  readonly longest: number;
  readonly onChanges: (changes: readonly Change[]) => void;
  /** A complete account of the objects has been told; more than once in a long life. */
  readonly onListed: () => void;
  readonly onStep: (step: Step) => void;
  /** Objects of a list, or events of a watch, have been taken in. */
  readonly onEvents: (count: number) => void;
  /** `pause` is how long, in milliseconds, until the next try. */
  readonly onFault: (fault: Fault, pause: number) => void;
}

/**
 * Follows one kind of object until the signal aborts: performs a step, asks nextState what follows from
 * how it came out, waits as long as that says. No fault of the server or of the way to it ends it, and none
 * makes an object go.
 *
 * @throws only what a listener threw, or what is a mistake of ours
 */
export async function reflect<Model>(options: ReflectorOptions<Model>, signal: AbortSignal): Promise<void> {
  let state: State = INITIAL_STATE;
  while (!isAborted(signal)) {
    options.onStep(state.step);
    const outcome = await perform(options, state, signal);
    // The end of a request that we broke off ourselves is no fault.
    if (isAborted(signal)) return;
    const next = nextState(state, outcome, options.timing, Math.random());
    if (outcome.kind === 'ended' && outcome.fault !== undefined) options.onFault(outcome.fault, next.pause);
    if (next.pause > 0) await sleep(next.pause, undefined, { signal }).catch(() => undefined);
    ({ state } = next);
  }
}

/** Behind a function, since the compiler does not know that a signal changes. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function perform<Model>(
  options: ReflectorOptions<Model>,
  state: State,
  signal: AbortSignal,
): Promise<Outcome> {
  return state.step.kind === 'list' ? list(options, state, signal) : watch(options, state, signal);
}

async function list<Model>(
  options: ReflectorOptions<Model>,
  { step: { from }, attempt }: State,
  signal: AbortSignal,
): Promise<Outcome> {
  const { send, resource, known, intake, timing, longest } = options;
  const { path, selectors } = resource;
  const deadline = listDeadline(timing, attempt);
  let count = 0;
  let replacement = known.replace();
  const begin = () => {
    replacement = known.replace();
    return (item: unknown): void => {
      const { head, reading } = intake.take(item);
      replacement.add(head.key, reading);
      count += 1;
    };
  };
  let version;
  try {
    const request = { path, selectors, from, deadline, idle: timing.idle, longest, signal };
    version = await listAll(send, request, begin);
  } catch (error) {
    const fault = faultUnlessAborted(error, signal);
    return { kind: 'ended', version: undefined, fault, moved: false, lived: 0 };
  }
  options.onEvents(count);
  const changes = replacement.commit();
  if (changes.length > 0) options.onChanges(changes);
  options.onListed();
  return { kind: 'listed', version };
}

async function watch<Model>(
  options: ReflectorOptions<Model>,
  { step, attempt }: State,
  signal: AbortSignal,
): Promise<Outcome> {
  const { send, resource, timing, longest } = options;
  const { path, selectors } = resource;
  const deadline = listDeadline(timing, attempt);
  const initialWithin = step.kind === 'stream' ? deadline : undefined;
  const session = watchSession(options, step);
  const seconds = watchSeconds(timing);
  const request = { path, selectors, from: step.from, idle: timing.idle, longest, signal };
  try {
    if (step.kind === 'watch' && step.verify) await verifyVersion(send, { ...request, deadline });
    await watchFrom(send, { ...request, initialWithin, seconds }, session);
  } catch (error) {
    return session.ending(faultUnlessAborted(error, signal));
  }
  return session.ending(undefined);
}

function faultUnlessAborted(error: unknown, signal: AbortSignal): Fault | undefined {
  return signal.aborted ? undefined : faultOfException(error);
}

/** Grows with failures in a row, so that a large cluster behind a slow line is listed at last. */
function listDeadline(timing: Timing, attempt: number): number {
  return timing.listDeadline * 2 ** Math.min(attempt, 3);
}

function watchSeconds({ watchSeconds: [least, most] }: Timing): number {
  return Math.round(least + (most - least) * Math.random());
}
