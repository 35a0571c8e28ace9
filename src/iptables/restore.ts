import type { Milliseconds } from '../model/settings.ts';
import { LOCK_SECONDS, type Backend } from './backend.ts';
import { chunks } from './restore-text.ts';
import { runTool, ToolError, type Command } from './tool.ts';

/** Bytes of input that are made before the legacy tool is started: that of a few hundred services. */
const MADE_AHEAD = 2 ** 18;
const NEIGHBOURS = 3;
/** Of memory or room in the kernel, as the C library words it. The lock's holder is told without a line. */
const WANT =
  /Cannot allocate memory|Out of memory|Memory allocation|temporarily unavailable|No buffer space|Interrupted system call/i;

/** A line of restore input. */
export interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

/** iptables-restore refused its input. The section it was at is undone, those before it are not. */
export class RestoreError extends Error {
  readonly tool: string;
  readonly exitCode: number | undefined;
  /** The line that the tool complained of, and its neighbours; empty where it named none. */
  readonly excerpt: readonly NumberedLine[];
  /** It was for what the input says; otherwise for want of something, and the same input may be taken later. */
  readonly isRefusal: boolean;

  constructor(cause: ToolError, failing: number | undefined, excerpt: readonly NumberedLine[]) {
    const lines = excerpt.map(({ number, text }) => `${number === failing ? '>' : ' '} ${number}: ${text}`);
    super([cause.message, ...lines].join('\n'), { cause });
    this.name = 'RestoreError';
    this.tool = cause.tool;
    this.exitCode = cause.exitCode;
    this.excerpt = excerpt;
    this.isRefusal = failing !== undefined && !WANT.test(cause.stderr);
  }
}

/**
 * Feeds lines to iptables-restore.
 *
 * @param lines makes the lines anew at each call: once to write them, once more to quote from them
 * @param timeout after which the tool is stopped; what it has committed by then stays
 * @throws RestoreError with the offending line, ToolError where the tool is missing or is stopped
 */
export async function restore(
  backend: Backend,
  lines: () => Iterable<string>,
  timeout: Milliseconds = backend.limits.lastResort,
): Promise<void> {
  const command: Command = [...backend.restore, '--noflush', '--counters', '-w', String(LOCK_SECONDS)];
  const input = backend.kind === 'legacy' ? madeAhead(chunks(lines())) : chunks(lines());
  try {
    await runTool(command, { input, timeout });
  } catch (error) {
    if (!(error instanceof ToolError) || error.kind !== 'exit') throw error;
    const failing = failingLine(error.stderr);
    throw new RestoreError(error, failing, failing === undefined ? [] : quote(lines(), failing));
  }
}

/**
 * The legacy tool holds the lock of all tables while it reads: the text of a change is made before it is
 * started. That of a large node is made about as fast as the tool reads, and both go on at once.
 */
function madeAhead(texts: Iterable<Buffer>): Iterable<Buffer> {
  const iterator = texts[Symbol.iterator]();
  const made: Buffer[] = [];
  let next = iterator.next();
  for (let bytes = 0; next.done !== true && bytes < MADE_AHEAD; next = iterator.next()) {
    made.push(next.value);
    bytes += next.value.length;
  }
  return {
    *[Symbol.iterator]() {
      yield* made;
      for (; next.done !== true; next = iterator.next()) yield next.value;
    },
  };
}

/** `line 7 failed`, `line 7: RULE_APPEND failed …`, `Error occurred at line: 7`: all the tools' ways. */
export function failingLine(stderr: string): number | undefined {
  const found = /\bline:? (\d+)/.exec(stderr)?.[1];
  return found === undefined ? undefined : Number(found);
}

function quote(lines: Iterable<string>, failing: number): readonly NumberedLine[] {
  const excerpt: NumberedLine[] = [];
  let number = 0;
  for (const text of lines) {
    number += 1;
    if (number > failing + NEIGHBOURS) break;
    if (number >= failing - NEIGHBOURS) excerpt.push({ number, text });
  }
  return excerpt;
}
