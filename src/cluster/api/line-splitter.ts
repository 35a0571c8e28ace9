import { garbled } from './fault.ts';

const NEWLINE = 0x0a;

export interface LineSplitter {
  /** The lines that this chunk completes, without their newlines. Empty lines are left out. */
  readonly split: (chunk: Buffer) => readonly string[];
  /** Bytes of a line that has not ended. */
  readonly pending: () => number;
}

/** Cuts a stream of bytes into lines of UTF-8. A line of more than `longest` bytes is a fault. */
export function lineSplitter(longest: number): LineSplitter {
  let parts: Buffer[] = [];
  let held = 0;

  const take = (chunk: Buffer, from: number, to: number): string => {
    if (held + to - from > longest) throw tooLong(longest);
    if (held === 0) return chunk.toString('utf8', from, to);
    const whole = Buffer.concat([...parts, chunk.subarray(from, to)]);
    parts = [];
    held = 0;
    return whole.toString('utf8');
  };

  return {
    split: (chunk) => {
      const lines: string[] = [];
      let from = 0;
      for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
        const line = take(chunk, from, to);
        if (line.trim() !== '') lines.push(line);
        from = to + 1;
      }
      if (from < chunk.length) {
        parts.push(chunk.subarray(from));
        held += chunk.length - from;
        if (held > longest) throw tooLong(longest);
      }
      return lines;
    },
    pending: () => held,
  };
}

function tooLong(longest: number) {
  return garbled(`a line of more than ${longest} bytes`);
}
