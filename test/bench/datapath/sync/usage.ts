import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What the restore tools took, in milliseconds. */
export interface Usage {
  /** Processor time, the tools' own and the kernel's for them. */
  readonly cpu: number;
  readonly wall: number;
}

/** A command that runs another one and notes down what it took. */
export interface Meter {
  readonly via: readonly string[];
  /** What the restore tools took since it was asked last. */
  readonly read: () => Usage;
}

export function meter(file: string, via: readonly string[]): Meter {
  return {
    via: [...via, 'perl', join(import.meta.dirname, 'usage.pl'), file],
    read() {
      const lines = readFileSync(file, 'utf8').trim().split('\n');
      rmSync(file);
      const runs = lines.map((line) => line.split(' ')).filter(([name]) => name?.endsWith('-restore'));
      const sum = (column: number): number => runs.reduce((total, run) => total + Number(run[column]), 0);
      return { cpu: (sum(1) + sum(2)) / 1000, wall: sum(3) / 1000 };
    },
  };
}
