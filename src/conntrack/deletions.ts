import type { Address, Family } from '../net/address.ts';
import type { Entry } from './entry.ts';
import type { StaleEntries, StaleEntry } from './stale.ts';
import type { StaleReason } from './verdict.ts';

/**
 * The tool's options that tell an entry. Each deletion costs a walk through the kernel's whole table
 * (measured: 10 ms where it is nearly empty, 270 ms with 100,000 entries), however exactly it is told
 * what to delete. So one deletion has to take as many entries as it can.
 */
const OPTIONS = {
  '--orig-src': ({ original }: Entry) => original.source,
  '--orig-dst': ({ original }: Entry) => original.destination,
  '--orig-port-src': ({ original }: Entry) => original.sourcePort,
  '--orig-port-dst': ({ original }: Entry) => original.destinationPort,
  '--reply-src': ({ reply }: Entry) => reply.source,
  '--reply-dst': ({ reply }: Entry) => reply.destination,
  '--reply-port-src': ({ reply }: Entry) => reply.sourcePort,
  '--reply-port-dst': ({ reply }: Entry) => reply.destinationPort,
} satisfies Record<string, (entry: Entry) => Address | number | undefined>;

type Option = keyof typeof OPTIONS;
type Shape = readonly [Option, ...Option[]];

const FRONTEND: Shape = ['--orig-dst', '--orig-port-dst'];
const TO_ENDPOINT: Shape = [...FRONTEND, '--reply-src', '--reply-port-src'];
const SEEN_AS: Shape = [...FRONTEND, '--reply-dst'];
const EXACT: Shape = Object.keys(OPTIONS) as [Option, ...Option[]];

/**
 * What a reason's entries have in common, the widest first. The rules make no new entry like that, so that
 * none falls victim which is born between listing and deleting. Exceptions, for that moment: affinity, and
 * what the node itself sends to a service that became Local.
 */
const SHAPES: Readonly<Record<StaleReason, readonly [Shape, ...Shape[]]>> = {
  notServing: [TO_ENDPOINT],
  gone: [TO_ENDPOINT, [...TO_ENDPOINT, '--orig-src'], EXACT],
  forbidden: [TO_ENDPOINT, [...TO_ENDPOINT, '--orig-src'], EXACT],
  masqueraded: [SEEN_AS, [...SEEN_AS, '--orig-src'], EXACT],
  affinity: [FRONTEND, [...FRONTEND, '--orig-src'], EXACT],
};

/** More walks than this through the table take too long, and then sparing every entry is not worth it. */
const MOST_DELETIONS = 256;

/** The arguments of one `conntrack -D`. */
export type Deletion = readonly string[];

/**
 * The fewest deletions that take all stale entries and none that is kept. Only where these would be too
 * many do they take kept ones of the same service port along.
 */
export function deletions(
  family: Family,
  { stale, kept }: StaleEntries,
  most: number = MOST_DELETIONS,
): readonly Deletion[] {
  const spared = new Map<Shape, ReadonlySet<string>>();
  const isKept = (shape: Shape, { entry }: StaleEntry): boolean => {
    const keys = spared.get(shape) ?? new Set(kept.map((other) => deletion(family, shape, other).join(' ')));
    spared.set(shape, keys);
    return keys.has(deletion(family, shape, entry).join(' '));
  };
  const careful = distinct(family, stale, (one) => {
    return SHAPES[one.reason].find((shape) => !isKept(shape, one)) ?? EXACT;
  });
  return careful.length <= most ? careful : distinct(family, stale, ({ reason }) => SHAPES[reason][0]);
}

function distinct(
  family: Family,
  stale: readonly StaleEntry[],
  shapeOf: (stale: StaleEntry) => Shape,
): readonly Deletion[] {
  const byText = new Map<string, Deletion>();
  for (const one of stale) {
    const args = deletion(family, shapeOf(one), one.entry);
    byText.set(args.join(' '), args);
  }
  return [...byText.values()];
}

function deletion(family: Family, shape: Shape, entry: Entry): Deletion {
  const args = shape.flatMap((option) => [option, String(OPTIONS[option](entry) ?? 0)]);
  return ['-D', '-f', family, '-p', entry.protocol, ...args];
}
