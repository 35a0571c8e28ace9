import { unclaimedAddress } from './causes/address.ts';
import { withoutEndpoints, withoutLocalEndpoint } from './causes/endpoints.ts';
import { mixedStores, takenPort } from './causes/host.ts';
import { rulesOfOthers } from './causes/rules-of-others.ts';
import { saidByRules } from './causes/said-by-rules.ts';
import { sourceRanges } from './causes/source-ranges.ts';
import { staleEndpoints, staleRules } from './causes/stale-rules.ts';
import type { Finding } from './finding.ts';
import { notesOn } from './notes.ts';
import type { Trip } from './situation.ts';
import type { Verdict } from './verdict.ts';

/** Each knows one kind of trouble. The first that has something to say is right: later ones would guess. */
const CAUSES: readonly ((trip: Trip) => readonly Finding[])[] = [
  rulesOfOthers,
  staleEndpoints,
  withoutEndpoints,
  withoutLocalEndpoint,
  sourceRanges,
  staleRules,
  unclaimedAddress,
  saidByRules,
];

/** Why a packet does not get through, where it does not, and what else is worth knowing. */
export function diagnose(trip: Trip, verdict: Verdict): readonly Finding[] {
  return [...causesOf(trip, verdict), ...mixedStores(trip, verdict), ...takenPort(trip), ...notesOn(trip)];
}

function causesOf(trip: Trip, verdict: Verdict): readonly Finding[] {
  if (verdict === 'through') return [];
  for (const cause of CAUSES) {
    const found = cause(trip);
    if (found.length > 0) return found;
  }
  return [];
}
