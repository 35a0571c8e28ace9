import { parseAddress, type Address } from '../net/address.ts';
import type { Check } from './checks.ts';
import { chiSquare, chiSquareCritical, ONE_IN_A_MILLION } from './chi-square.ts';
import type { Expectation, ExpectedArrival } from './expectation.ts';
import type { Outcome } from './protocol.ts';

/** What was seen at one endpoint, or of one way not to arrive. */
export interface Sighting {
  /** `address:port`, or `refused`, `timeout`, or the system's error code. */
  readonly at: string;
  readonly count: number;
  /** Source addresses that the endpoint saw. */
  readonly sources: readonly string[];
}

export interface Verdict {
  readonly check: Check;
  readonly requests: number;
  /** Endpoints that were expected, in their order, then whatever else was seen. */
  readonly sightings: readonly Sighting[];
  /** What is wrong, a short sentence each; empty is well. */
  readonly complaints: readonly string[];
  /** The service that got the requests, where another one claims the destination too and won. */
  readonly wonBy: string | undefined;
}

/**
 * Holds outcomes against a check. Where several services claim the destination, any of them may have it.
 *
 * @param ownAddresses those of the node
 */
export function judge(check: Check, outcomes: readonly Outcome[], ownAddresses: readonly Address[]): Verdict {
  const verdict = judgeOne(check, outcomes, ownAddresses);
  if (verdict.complaints.length === 0) return verdict;
  for (const { service, expectation } of check.rivals) {
    const rival = judgeOne({ ...check, expectation }, outcomes, ownAddresses);
    if (rival.complaints.length === 0) return { ...rival, wonBy: service };
  }
  return verdict;
}

function judgeOne(check: Check, outcomes: readonly Outcome[], ownAddresses: readonly Address[]): Verdict {
  const { expectation } = check;
  const expected = expectation.kind === 'arrives' ? expectation.at : [];
  const seen = Map.groupBy(outcomes, placeOf);
  const places = new Set([...expected.map(({ endpoint }) => endpoint), ...seen.keys()]);
  const sightings = [...places].map((at) => sightingOf(at, seen.get(at) ?? []));
  const complaints =
    expectation.kind === 'arrives'
      ? [
          ...strays(sightings, expected),
          ...wrongSources(sightings, expected, check.source.address, ownAddresses),
          ...wrongShares(sightings, expectation),
        ]
      : wrongEnds(sightings, expectation);
  return { check, requests: outcomes.length, sightings, complaints, wonBy: undefined };
}

function placeOf(outcome: Outcome): string {
  if (outcome.kind === 'arrived') return outcome.endpoint;
  return outcome.kind === 'failed' ? outcome.reason : outcome.kind;
}

function sightingOf(at: string, outcomes: readonly Outcome[]): Sighting {
  const sources = outcomes.flatMap((outcome) =>
    outcome.kind === 'arrived' ? [parseAddress(outcome.clientAddress) ?? outcome.clientAddress] : [],
  );
  return { at, count: outcomes.length, sources: [...new Set(sources)] };
}

function strays(sightings: readonly Sighting[], expected: readonly ExpectedArrival[]): readonly string[] {
  return sightings
    .filter(({ at }) => expected.every(({ endpoint }) => endpoint !== at))
    .map(({ at, count }) => `${count} ${endingWords(at)}`);
}

function wrongSources(
  sightings: readonly Sighting[],
  expected: readonly ExpectedArrival[],
  asker: Address,
  ownAddresses: readonly Address[],
): readonly string[] {
  return expected.flatMap(({ endpoint, source }) => {
    const right: readonly string[] = source === 'node' ? ownAddresses : [asker];
    const sources = sightings.find(({ at }) => at === endpoint)?.sources ?? [];
    const wrong = sources.filter((address) => !right.includes(address));
    const whose = source === 'node' ? "the node's address" : "the asker's own address";
    return wrong.map((address) => `${endpoint} sees ${address}, expected ${whose}`);
  });
}

/** So sure that chance alone is blamed wrongly once in a million checks. */
function wrongShares(
  sightings: readonly Sighting[],
  { at, sticky }: Extract<Expectation, { kind: 'arrives' }>,
): readonly string[] {
  const counts = at.map(({ endpoint }) => sightings.find((sighting) => sighting.at === endpoint)?.count ?? 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return [];
  if (sticky) {
    const used = counts.filter((count) => count > 0).length;
    return used === 1 ? [] : [`${used} endpoints for one client, expected one by session affinity`];
  }
  const forgotten = at
    .filter(({ share }, index) => counts[index] === 0 && at.length * (1 - share) ** total < 1e-6)
    .map(({ endpoint }) => `${endpoint} gets nothing`);
  // The statistic says nothing about a handful of requests.
  const enough = at.length > 1 && at.every(({ share }) => share * total >= 5);
  if (forgotten.length > 0 || !enough) return forgotten;
  const shares = at.map(({ share }) => share);
  const tooFar = chiSquare(counts, shares) > chiSquareCritical(at.length - 1, ONE_IN_A_MILLION);
  return tooFar ? ['shares are not what was expected'] : [];
}

function wrongEnds(
  sightings: readonly Sighting[],
  { kind }: Extract<Expectation, { kind: 'refused' | 'dropped' | 'leaves' }>,
): readonly string[] {
  const right = kind === 'refused' ? 'refused' : 'timeout';
  return sightings
    .filter(({ at }) => at !== right)
    .map(({ at, count }) => `${count} ${endingWords(at)}, expected ${endingWords(right)}`);
}

/** How a request ended, as a part of a sentence. */
function endingWords(at: string): string {
  if (at === 'refused') return 'refused (REJECT)';
  if (at === 'timeout') return 'hang (dropped)';
  return at.includes(':') ? `arrived at ${at}` : `failed: ${at}`;
}
