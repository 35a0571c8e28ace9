import type { Family } from '../net/address.ts';
import { isSame, type Difference, type EntryDifference } from './compare.ts';
import type { EntryMeaning } from './meaning.ts';
import type { DiffReport, ReportedEntry } from './schema.ts';
import { entryName } from './words.ts';

export interface RulesDifference {
  readonly family: Family;
  /** A unified diff. */
  readonly diff: string;
}

export function diffReport(
  from: string,
  to: string,
  difference: Difference,
  rules: readonly RulesDifference[] | null,
): DiffReport {
  return {
    from,
    to,
    same: isSame(difference),
    node: difference.node,
    services: difference.services.map(({ service, state, entries }) => ({
      service,
      state,
      entries: entries.flatMap(reportedEntry),
    })),
    rules,
  };
}

function reportedEntry({ state, before, after, changes }: EntryDifference): readonly ReportedEntry[] {
  const either = after ?? before;
  if (either === undefined) return [];
  return [
    {
      name: entryName({ ...either, address: either.address }),
      state,
      changes,
      before: before === undefined ? null : reportedMeaning(before),
      after: after === undefined ? null : reportedMeaning(after),
    },
  ];
}

const NO_WAY = { endpoints: [], masquerade: 'none', otherwise: [] } as const;

function reportedMeaning(meaning: EntryMeaning): NonNullable<ReportedEntry['before']> {
  const { kind, family, protocol, port, service, ways, sourceRanges, reachesItself } = meaning;
  const { outside = NO_WAY, pod = NO_WAY, node = NO_WAY, stranger = null } = ways;
  return {
    kind,
    family,
    protocol,
    address: meaning.address ?? null,
    port,
    service,
    ways: { outside, pod, node, stranger },
    sourceRanges,
    affinitySeconds: meaning.affinitySeconds ?? null,
    reachesItself,
  };
}
