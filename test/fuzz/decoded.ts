import { badObjects } from '../../src/cluster/api/bad-objects.ts';
import { FaultError, type FaultKind } from '../../src/cluster/api/fault.ts';
import { intake } from '../../src/cluster/api/intake.ts';
import { interner } from '../../src/cluster/api/intern.ts';
import { knownObjects } from '../../src/cluster/api/known.ts';
import { lineSplitter } from '../../src/cluster/api/line-splitter.ts';
import { listSplitter } from '../../src/cluster/api/list-splitter.ts';
import type { Resource } from '../../src/cluster/api/resource.ts';
import { watchSession } from '../../src/cluster/api/watch-session.ts';
import type { Change } from '../../src/cluster/source.ts';
import { eventsOf } from './events.ts';

/** What a watch made of a stream of bytes. */
export interface Decoded {
  readonly changes: readonly Change[];
  readonly fault: FaultKind | undefined;
  readonly warnings: readonly string[];
}

/** As the daemon decodes a watch that comes in these pieces. */
export function decoded<Model>(resource: Resource<Model>, chunks: readonly Buffer[]): Decoded {
  const changes: Change[] = [];
  const warnings: string[] = [];
  const known = knownObjects(resource);
  const log = { warn: (line: unknown) => void warnings.push(String(line)) };
  const session = watchSession(
    {
      known,
      intake: intake({
        resource,
        known,
        badObjects: badObjects(log as Parameters<typeof badObjects>[0]),
        intern: interner(),
        onBadObject: () => undefined,
      }),
      onChanges: (batch) => void changes.push(...batch),
      onListed: () => undefined,
      onEvents: () => undefined,
    },
    { kind: 'watch', from: '1', verify: false },
  );
  const splitter = lineSplitter(16_000_000);
  try {
    for (const chunk of chunks) session.onEvents(eventsOf(splitter.split(chunk)));
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    return { changes, fault: error.fault.kind, warnings };
  }
  return { changes, fault: undefined, warnings };
}

/** The items of a list that comes in these pieces, and what is round them; or its fault. */
export function itemsOf(chunks: readonly Buffer[]): unknown {
  const splitter = listSplitter(16_000_000);
  try {
    return [chunks.flatMap((chunk) => splitter.split(chunk)), splitter.envelope()];
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    return error.fault.kind;
  }
}
