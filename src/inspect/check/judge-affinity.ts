import { fatesOf } from '../evaluate.ts';
import { remembering } from '../facts.ts';
import type { Fate, RulePlace } from '../fate.ts';
import type { Program } from '../program.ts';
import type { Complaint } from './complaint.ts';
import type { Expectation } from './expectation.ts';
import type { Probe } from './probes.ts';
import { dnatPlace, listsRemembering, secondsRemembered } from './rules-on-the-way.ts';

/**
 * Whether sources are remembered as the service's session affinity wants it: by the endpoint that they
 * were dealt to, for its time, and not at all without affinity.
 */
export function judgeAffinity(
  program: Program,
  probe: Probe,
  fates: readonly Fate[],
  expectations: readonly Expectation[],
): Complaint | undefined {
  const wanted = new Set(expectations.map(({ by }) => by?.route.affinitySeconds));
  // Services that claim the same address may want different things.
  if (wanted.size !== 1) return undefined;
  const [seconds] = wanted;
  for (const fate of fates) {
    if (fate.outcome.kind !== 'delivered' || !fate.outcome.dnat) continue;
    const [list] = listsRemembering(program, fate.path);
    const complaint =
      seconds === undefined
        ? uninvitedMemory(program, fate, list)
        : missingMemory(program, probe, fate, list, { seconds, isOnly: fates.length === 1 });
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

function uninvitedMemory(program: Program, { path }: Fate, list: string | undefined): Complaint | undefined {
  if (list === undefined) return undefined;
  return {
    kind: 'affinity',
    expected: 'nobody is remembered, without session affinity',
    found: `the source is put on list ${list}`,
    place: dnatPlace(program, path),
    isMissing: false,
    path,
  };
}

interface Memory {
  readonly seconds: number;
  /** There is but one endpoint. */
  readonly isOnly: boolean;
}

function missingMemory(
  program: Program,
  { packet, facts }: Probe,
  fate: Fate,
  list: string | undefined,
  { seconds, isOnly }: Memory,
): Complaint | undefined {
  const to = whereTo(fate);
  const expected = `a source that was sent ${to} is sent there again for ${seconds} seconds`;
  const complaint = (found: string, path: readonly RulePlace[]): Complaint => ({
    kind: 'affinity',
    expected,
    found,
    place: dnatPlace(program, path),
    isMissing: false,
    path,
  });
  if (list === undefined) return complaint('it is not remembered', fate.path);
  const again = fatesOf(program, packet, remembering(facts, list, packet.source));
  const stray = again.find((other) => whereTo(other) !== to);
  if (stray !== undefined) return complaint(`it is remembered, but sent ${whereTo(stray)}`, stray.path);
  const path = again[0]?.path ?? [];
  const found = secondsRemembered(program, path, list);
  if (found.length === 1 && found[0] === seconds) return undefined;
  // With nowhere else to go nobody need ask the list.
  if (found.length === 0 && isOnly) return undefined;
  return complaint(`for ${found.length === 0 ? 'no time' : `${found.join(', ')} seconds`}`, path);
}

function whereTo({ outcome }: Fate): string {
  return outcome.kind === 'delivered' ? `to ${outcome.address} port ${outcome.port}` : 'nowhere';
}
