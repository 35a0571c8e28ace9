import type { Outcome } from '../../../src/lab/protocol.ts';

/** Where requests arrived, sorted, each once; other ends by their names. */
export function places(outcomes: readonly Outcome[]): readonly string[] {
  return [...new Set(outcomes.map(placeOf))].sort();
}

/** The source addresses that endpoints saw, sorted, each once. */
export function sources(outcomes: readonly Outcome[]): readonly string[] {
  return [
    ...new Set(outcomes.flatMap((outcome) => (outcome.kind === 'arrived' ? [outcome.clientAddress] : []))),
  ].sort();
}

/** How many arrived at each of the endpoints. */
export function countsAt(outcomes: readonly Outcome[], endpoints: readonly string[]): readonly number[] {
  return endpoints.map((endpoint) => outcomes.filter((outcome) => placeOf(outcome) === endpoint).length);
}

function placeOf(outcome: Outcome): string {
  if (outcome.kind === 'arrived') return outcome.endpoint;
  return outcome.kind === 'failed' ? outcome.reason : outcome.kind;
}
