import type { Fate } from '../fate.ts';
import type { Program } from '../program.ts';
import type { Complaint } from './complaint.ts';
import type { Expectation, ExpectedFate } from './expectation.ts';
import { dealingPlace, dnatPlace, lastPlace } from './rules-on-the-way.ts';
import { shareOf } from './share.ts';
import { expectedWords, foundWords, percent } from './words.ts';

/** Ten decimals are what kube-proxy writes. */
const SHARE_TOLERANCE = 1e-9;

/**
 * Holds what rules do to a packet against what must become of it.
 *
 * @param expectations any of them is right
 * @returns undefined where nothing is wrong
 */
export function judge(
  program: Program,
  fates: readonly Fate[],
  expectations: readonly Expectation[],
): Complaint | undefined {
  let complaint: Complaint | undefined;
  for (const { fates: expected } of expectations) {
    const wrong = difference(program, fates, expected);
    if (wrong === undefined) return undefined;
    complaint ??= wrong;
  }
  return complaint;
}

function difference(
  program: Program,
  fates: readonly Fate[],
  expected: readonly ExpectedFate[],
): Complaint | undefined {
  const found = shares(fates, foundKey, ({ probability }) => shareOf(probability));
  const wanted = shares(expected, expectedKey, ({ share }) => share);
  const stray = [...found].find(([key]) => !wanted.has(key))?.[1];
  if (stray !== undefined) {
    const { path, outcome } = stray.of;
    const kind = strayKind(stray.of, expected);
    const place = 'by' in outcome ? outcome.by : dnatPlace(program, path);
    return {
      kind,
      expected: expectedWords(expected),
      found: kind === 'masquerade' ? masqueradeWords(fates) : foundWords(fates),
      place: place ?? lastPlace(path, turnsAway(expected) || kind === 'acceptance' ? 'filter' : 'nat'),
      isMissing: place === undefined,
      path,
    };
  }
  for (const [key, { share, of }] of wanted) {
    const seen = found.get(key);
    if (seen !== undefined && Math.abs(seen.share - share) <= SHARE_TOLERANCE) continue;
    const path = seen?.of.path ?? fates[0]?.path ?? [];
    const place = dealingPlace(program, path) ?? dnatPlace(program, path);
    const kind = seen === undefined ? 'fate' : 'shares';
    const what = of.kind === 'delivered' ? `${of.address} port ${of.port}` : of.kind;
    const shareWords = { expected: `${percent(share)} for ${what}`, found: percent(seen?.share ?? 0) };
    return { kind, ...shareWords, place, isMissing: false, path };
  }
  return undefined;
}

/** What is missing is said too. */
function masqueradeWords(fates: readonly Fate[]): string {
  const isMissing = fates.every(({ outcome }) => outcome.kind !== 'delivered' || !outcome.masqueraded);
  return `${foundWords(fates)}${isMissing ? ', not masqueraded' : ''}`;
}

function turnsAway(expected: readonly ExpectedFate[]): boolean {
  return expected.some(({ kind }) => kind !== 'delivered');
}

/** What the same key stands for, with an example and all its shares added up. */
interface Share<Of> {
  share: number;
  readonly of: Of;
}

function shares<Of>(
  items: readonly Of[],
  keyOf: (item: Of) => string,
  shareOf: (item: Of) => number,
): ReadonlyMap<string, Share<Of>> {
  const byKey = new Map<string, Share<Of>>();
  for (const item of items) {
    const key = keyOf(item);
    const before = byKey.get(key);
    if (before === undefined) byKey.set(key, { share: shareOf(item), of: item });
    else before.share += shareOf(item);
  }
  return byKey;
}

function foundKey({ outcome }: Fate): string {
  switch (outcome.kind) {
    case 'delivered':
      return deliveryKey(outcome);
    case 'rejected':
      return 'refused';
    case 'dropped':
      return outcome.by.rule === 'policy' ? 'dropped by a policy' : 'dropped';
    case 'unknown':
      return `unknown ${outcome.part}`;
  }
}

function expectedKey(fate: ExpectedFate): string {
  return fate.kind === 'delivered' ? deliveryKey(fate) : fate.kind;
}

function deliveryKey({ address, port, dnat, masqueraded, accepted }: Delivery): string {
  return `${address} ${port}${dnat ? ' dnat' : ''}${masqueraded ? ' masqueraded' : ''}${accepted ? ' accepted' : ''}`;
}

type Delivery = Omit<Extract<ExpectedFate, { kind: 'delivered' }>, 'kind' | 'share'>;

/** The right destination in the wrong way is another mistake than the wrong destination. */
function strayKind({ outcome }: Fate, expected: readonly ExpectedFate[]): Complaint['kind'] {
  if (outcome.kind === 'unknown') return 'unknown';
  if (outcome.kind !== 'delivered') return 'fate';
  const meant = expected.find(
    (fate) =>
      fate.kind === 'delivered' &&
      fate.address === outcome.address &&
      fate.port === outcome.port &&
      fate.dnat === outcome.dnat,
  );
  if (meant?.kind !== 'delivered') return 'fate';
  return meant.masqueraded === outcome.masqueraded ? 'acceptance' : 'masquerade';
}
