import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';

/** A failing tool, told once and in full: which, how it ended, and what it said. */
export class ToolError extends Error {
  readonly tool: string;
  readonly kind: 'missing' | 'exit' | 'signal' | 'timeout';
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

function ending(kind: ToolError['kind'], exitCode: number | undefined): string {
  switch (kind) {
    case 'missing':
      return 'not installed, or not on the PATH';
    case 'exit':
      return `exit code ${String(exitCode)}`;
    case 'signal':
      return 'ended by a signal';
    case 'timeout':
      return 'did not end in time and was stopped';
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
  const work: Promise<void>[] = [];
  if (options.input !== undefined && child.stdin !== null) work.push(feed(child.stdin, options.input));
  if (options.onLine !== undefined && child.stdout !== null)
    work.push(eachLine(child.stdout, options.onLine));
  const [result] = await Promise.all([child, ...work]);
  if (!result.failed) return;
  const stderr = typeof result.stderr === 'string' ? result.stderr.trim() : '';
  throw new ToolError(command, kindOf(result), result.exitCode, stderr);
}

interface Ending {
  readonly timedOut: boolean;
  readonly code?: string | undefined;
  readonly isTerminated: boolean;
}

function kindOf({ timedOut, code, isTerminated }: Ending): ToolError['kind'] {
  if (code === 'ENOENT' || code === 'EACCES') return 'missing';
  if (timedOut) return 'timeout';
  return isTerminated ? 'signal' : 'exit';
}

/** A tool that ends early stops the feeding; why it ended is told by its exit code. */
async function feed(stdin: Writable, texts: Iterable<string | Uint8Array>): Promise<void> {
  await pipeline(Readable.from(texts), stdin).catch(() => undefined);
}

async function eachLine(stdout: Readable, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  stdout.setEncoding('latin1');
  for await (const chunk of stdout) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  }
  if (rest !== '') onLine(rest);
}
