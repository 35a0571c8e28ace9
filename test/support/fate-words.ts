import type { Fate, Outcome } from '../../src/inspect/fate.ts';
import { textAt, type Program } from '../../src/inspect/program.ts';

/** `forward 10.244.1.10:8080 dnat masqueraded accepted`, or `dropped: -A INPUT -j DROP`. */
export function outcomeInWords(outcome: Outcome, program: Program): string {
  if (outcome.kind === 'unknown') return `unknown ${outcome.part}: ${textAt(program, outcome.by)}`;
  if (outcome.kind !== 'delivered') return `${outcome.kind}: ${textAt(program, outcome.by)}`;
  const { via, address, port, dnat, masqueraded, accepted } = outcome;
  const done = [
    ...(dnat ? ['dnat'] : []),
    ...(masqueraded ? ['masqueraded'] : []),
    ...(accepted ? ['accepted'] : []),
  ];
  return [`${via} ${address}:${port}`, ...done].join(' ');
}

/** The texts of the rules on the way. */
export function pathInWords({ path }: Fate, program: Program): readonly string[] {
  return path.map((place) => textAt(program, place));
}
