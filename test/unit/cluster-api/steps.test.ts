import { describe, expect, it } from 'vitest';
import type { Fault, FaultKind } from '../../../src/cluster/api/fault.ts';
import {
  INITIAL_STATE,
  nextState,
  type Ended,
  type State,
  type Step,
} from '../../../src/cluster/api/steps.ts';
import { DEFAULT_TIMING } from '../../../src/cluster/api/timing.ts';

const WATCH: Step = { kind: 'watch', from: '7', verify: false };
const LIST: Step = { kind: 'list', from: '0' };
const STREAM: Step = { kind: 'stream', from: '0' };

function fault(kind: FaultKind, retryAfter?: number): Fault {
  return kind === 'busy' ? { kind, message: '', retryAfter } : { kind, message: '' };
}

function after(
  step: Step,
  ending: Partial<Ended>,
  { attempt = 0, mayStream = true }: Partial<State> = {},
  random = 0,
) {
  const version = step.kind === 'watch' ? step.from : undefined;
  const ended: Ended = { kind: 'ended', version, fault: undefined, moved: false, lived: 0, ...ending };
  return nextState({ step, attempt, mayStream }, ended, DEFAULT_TIMING, random);
}

describe('what a reflector does next', () => {
  it('begins with a watch that tells all objects first', () => {
    expect(INITIAL_STATE.step).toEqual(STREAM);
  });

  it('watches from where a list was made', () => {
    const { state, pause } = nextState(
      { ...INITIAL_STATE, step: LIST },
      { kind: 'listed', version: '9' },
      DEFAULT_TIMING,
      0,
    );
    expect(state.step).toEqual({ kind: 'watch', from: '9', verify: false });
    expect(pause).toBe(0);
  });

  it.each<[FaultKind, Step, Step]>([
    ['expired', WATCH, { kind: 'stream', from: '' }],
    ['expired', LIST, { kind: 'stream', from: '' }],
    ['ahead', WATCH, { kind: 'stream', from: '' }],
    ['garbled', WATCH, { kind: 'stream', from: '7' }],
    ['garbled', STREAM, { kind: 'list', from: '0' }],
    ['silent', STREAM, { kind: 'list', from: '0' }],
    ['silent', WATCH, { ...WATCH, verify: true }],
    ['unsupported', STREAM, { kind: 'list', from: '0' }],
    ['unsupported', WATCH, { kind: 'stream', from: '' }],
    ['connection', WATCH, { ...WATCH, verify: true }],
    ['connection', STREAM, STREAM],
    ['connection', LIST, LIST],
    ['unauthorized', WATCH, { ...WATCH, verify: true }],
    ['forbidden', LIST, LIST],
    ['busy', WATCH, { ...WATCH, verify: true }],
    ['refused', LIST, LIST],
    ['credentials', STREAM, STREAM],
  ])('after %s at %o', (kind, step, expected) => {
    expect(after(step, { fault: fault(kind) }).state.step).toEqual(expected);
  });

  it('does not ask for WatchList again where it was refused', () => {
    const { state } = after(STREAM, { fault: fault('unsupported') });
    expect(state.mayStream).toBe(false);
    expect(after(WATCH, { fault: fault('expired') }, state).state.step).toEqual({ kind: 'list', from: '' });
  });

  it('watches on from where the stream came to', () => {
    const { state, pause } = after(STREAM, { version: '12', moved: true, lived: 5 });
    expect(state.step).toEqual({ kind: 'watch', from: '12', verify: false });
    expect(pause).toBe(0);
  });

  it('pauses ever longer, up to half a minute, in the upper half of what it may', () => {
    const pauses = (random: number) =>
      Array.from(
        { length: 12 },
        (_, attempt) => after(WATCH, { fault: fault('connection') }, { attempt }, random).pause,
      );
    expect(pauses(0)).toEqual([
      200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000, 30_000,
    ]);
    expect(pauses(0.999).every((pause, index) => pause >= (pauses(0)[index] ?? 0) / 2)).toBe(true);
    expect(after(WATCH, { fault: fault('connection') }, { attempt: 5_000 }).pause).toBe(30_000);
  });

  it('begins with short pauses again after a success', () => {
    const fine = { attempt: 8 };
    const broken = fault('connection');
    expect(after(WATCH, { fault: broken, moved: true }, fine).pause).toBe(200);
    expect(after(WATCH, { fault: broken, lived: 1_000 }, fine).pause).toBe(200);
    expect(after(WATCH, { fault: broken, lived: 999 }, fine).pause).toBe(30_000);
  });

  it('does not take an event before nonsense for a success', () => {
    expect(after(WATCH, { fault: fault('garbled'), moved: true }, { attempt: 3 }).pause).toBe(1_600);
    expect(after(STREAM, { fault: fault('garbled'), lived: 5_000 }, { attempt: 3 }).pause).toBe(1_600);
  });

  it('waits as long as the server asks, and a little more, drawn by lot', () => {
    expect(after(WATCH, { fault: fault('busy', 4_000) }).pause).toBe(4_000);
    expect(after(WATCH, { fault: fault('busy', 4_000) }, {}, 0.8).pause).toBe(4_800);
    expect(after(WATCH, { fault: fault('busy', 0) }).pause).toBe(200);
  });

  it.each<FaultKind>(['expired', 'ahead', 'unauthorized'])('tries at once what mends %s, once', (kind) => {
    expect(after(WATCH, { fault: fault(kind) }).pause).toBe(0);
    expect(after(WATCH, { fault: fault(kind) }, { attempt: 1 }).pause).toBe(400);
  });

  it('pauses after a watch that ended at once, and not after one that lived', () => {
    expect(after(WATCH, { lived: 3 }).pause).toBe(200);
    expect(after(WATCH, { lived: 3 }, { attempt: 4 }).pause).toBe(3_200);
    expect(after(WATCH, { lived: 3, moved: true }, { attempt: 4 }).pause).toBe(0);
    expect(after(WATCH, { lived: 300_000 }, { attempt: 4 }).pause).toBe(0);
  });
});
