import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';

/** A failing tool, told once and in full: which, how it ended, and what it said. */
export class ToolError extends Error {
  readonly tool: string;
  readonly kind: 'missing' | 'notStarted' | 'exit' | 'signal' | 'timeout' | 'garbage';
  readonly exitCode: number | undefined;
  readonly stderr: string;

  constructor(
    command: readonly string[],
    kind: ToolError['kind'],
    exitCode: number | undefined,
    stderr: string,
  ) {
    super(`${command.join(' ')}: ${ending(kind, exitCode)}${stderr === '' ? '' : `: ${stderr}`}`);
    this.name = 'ToolError';
    this.tool = command[0] ?? '';
    this.kind = kind;
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/** The tool was stopped, since it did not end. */
export function isTimeout(error: unknown): boolean {
  return error instanceof ToolError && error.kind === 'timeout';
}

/** The tool, or the part of the kernel that it is for, is not there; rather than in want of something just now. */
export function isUnavailable(error: unknown): error is ToolError {
  return error instanceof ToolError && (error.kind === 'missing' || error.kind === 'exit');
}

function ending(kind: ToolError['kind'], exitCode: number | undefined): string {
  switch (kind) {
    case 'missing':
      return 'not installed, or not on the PATH';
    case 'notStarted':
      return 'the system has no room for another process';
    case 'exit':
      return `exit code ${String(exitCode)}`;
    case 'signal':
      return 'ended by a signal';
    case 'timeout':
      return 'did not end in time and was stopped';
    case 'garbage':
      return 'did not print what it should';
  }
}

/** A program and its arguments. */
export type Command = readonly [file: string, ...args: string[]];

export interface ToolOptions {
  /** Texts for its standard input, pulled as fast as it reads. */
  readonly input?: Iterable<string | Uint8Array>;
  /** Called for each line of its standard output, without the newline. */
  readonly onLine?: (line: string) => void;
  /** Milliseconds until it is stopped. */
  readonly timeout?: number | 'none';
  /** Stops it. */
  readonly signal?: AbortSignal;
}

const DEFAULT_TIMEOUT = 300_000;
/** More than any of our tools says unless it went mad. */
const MOST_STDERR = 65_536;
/** Characters; a rule has a few hundred. */
const LONGEST_LINE = 2 ** 20;

/**
 * Runs a tool without a shell. Neither its input nor its output is ever held whole.
 *
 * @throws ToolError unless it ends with exit code 0
 */
export async function runTool(command: Command, options: ToolOptions = {}): Promise<void> {
  const [file, ...args] = command;
  const child = execa(file, args, {
    stdin: options.input === undefined ? 'ignore' : 'pipe',
    stdout: options.onLine === undefined ? 'ignore' : 'pipe',
    stderr: 'pipe',
    buffer: { stdout: false },
    maxBuffer: { stderr: MOST_STDERR },
    timeout: options.timeout === 'none' ? 0 : (options.timeout ?? DEFAULT_TIMEOUT),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    forceKillAfterDelay: 2_000,
    reject: false,
    stripFinalNewline: true,
  });
  child.nodeChildProcess.once('exit', (_, signal) => {
    // What it has started itself may live on and hold its ends of the pipes: nobody waits for that.
    if (signal !== null) for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe?.destroy();
  });
  const seen = { isEndless: false };
  const work: Promise<void>[] = [];
  if (options.input !== undefined && child.stdin !== null) work.push(feed(child.stdin, options.input));
  if (options.onLine !== undefined && child.stdout !== null)
    work.push(eachLine(child.stdout, options.onLine, () => (seen.isEndless = true)));
  const worked = Promise.all(work);
  // The pipes of a tool that could not be started never end, and those of one that was stopped break.
  worked.catch(() => undefined);
  const result = await child;
  if (!result.failed) await worked;
  // Nobody reads on, which most tools take for a failure of their own.
  if (seen.isEndless) throw new ToolError(command, 'garbage', result.exitCode, 'a line without an end');
  if (!result.failed) return;
  const stderr = typeof result.stderr === 'string' ? result.stderr.trim() : '';
  const kind = kindOf(result);
  throw new ToolError(command, kind, result.exitCode, kind === 'notStarted' ? String(result.code) : stderr);
}

interface Ending {
  readonly timedOut: boolean;
  readonly code?: string | undefined;
  readonly isTerminated: boolean;
}

/** Of want of processes, memory or file descriptors. */
const NO_ROOM: ReadonlySet<string> = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE']);

function kindOf({ timedOut, code, isTerminated }: Ending): ToolError['kind'] {
  if (code === 'ENOENT' || code === 'EACCES') return 'missing';
  if (code !== undefined && NO_ROOM.has(code)) return 'notStarted';
  if (timedOut) return 'timeout';
  return isTerminated ? 'signal' : 'exit';
}

/** A tool that ends early stops the feeding; why it ended is told by its exit code. */
async function feed(stdin: Writable, texts: Iterable<string | Uint8Array>): Promise<void> {
  // Not through a stream of its own, which would make texts ahead while the tool waits for the next.
  await pipeline(texts, stdin).catch(() => undefined);
}

async function eachLine(
  stdout: Readable,
  onLine: (line: string) => void,
  onEndless: () => void,
): Promise<void> {
  let rest = '';
  stdout.setEncoding('latin1');
  for await (const chunk of stdout) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE) {
      onEndless();
      return;
    }
    lines.forEach(onLine);
  }
  if (rest !== '') onLine(rest);
}
