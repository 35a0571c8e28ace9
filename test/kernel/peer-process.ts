import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Namespace } from './namespace.ts';

/** A script that runs in a namespace, is told lines and answers with lines. */
export interface PeerProcess {
  readonly tell: (line: string) => void;
  /** The next line that it prints; throws where it has ended. */
  readonly next: () => Promise<string>;
  /** Ends it, and resolves when it has ended. */
  readonly end: () => Promise<void>;
}

export function startPeer(where: Namespace, script: URL, args: readonly string[]): PeerProcess {
  const [file, ...via] = where.via;
  const child = execa(file, [...via, process.execPath, fileURLToPath(script), ...args], {
    stdin: 'pipe',
    stderr: 'inherit',
    buffer: false,
    reject: false,
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    tell: (line) => void child.stdin.write(`${line}\n`),
    next: async () => {
      const line = await lines.next();
      if (line.done === true) throw new Error(`${fileURLToPath(script)} ${args.join(' ')} has ended`);
      return line.value;
    },
    end: async () => {
      child.stdin.end();
      await child;
    },
  };
}
