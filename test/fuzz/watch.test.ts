import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { badObjects } from '../../src/cluster/api/bad-objects.ts';
import { faultOfResponse } from '../../src/cluster/api/classify.ts';
import { FaultError, type FaultKind } from '../../src/cluster/api/fault.ts';
import { intake } from '../../src/cluster/api/intake.ts';
import { interner } from '../../src/cluster/api/intern.ts';
import { knownObjects } from '../../src/cluster/api/known.ts';
import { lineSplitter } from '../../src/cluster/api/line-splitter.ts';
import { listSplitter } from '../../src/cluster/api/list-splitter.ts';
import { ENDPOINT_SLICES, ownNode, SERVICES, type Resource } from '../../src/cluster/api/resource.ts';
import { watchSession } from '../../src/cluster/api/watch-session.ts';
import type { Change } from '../../src/cluster/source.ts';
import { hostileText, mangled, nestedText, spoiled } from './hostile.ts';
import { pieces } from '../support/pieces.ts';
import { eventsOf } from './events.ts';
import { objectsOf } from './objects.ts';
import { withstands } from './withstands.ts';

/** What a watch made of a stream of bytes. */
interface Decoded {
  readonly changes: readonly Change[];
  readonly fault: FaultKind | undefined;
  readonly warnings: readonly string[];
}

/** As the daemon decodes a watch that comes in these pieces. */
function decoded<Model>(resource: Resource<Model>, chunks: readonly Buffer[]): Decoded {
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

const cuts = fc.array(fc.nat(), { maxLength: 12 });
const type = fc.constantFrom('ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR', 'LATER');

function events(kind: string): fc.Arbitrary<string> {
  return fc.oneof(
    {
      arbitrary: fc.record({ type, object: spoiled(objectsOf(kind)) }).map((event) => JSON.stringify(event)),
      weight: 8,
    },
    {
      arbitrary: spoiled([
        { type: 'ERROR', object: { kind: 'Status', code: 410, details: { causes: [{ reason: 'x' }] } } },
      ]).map((event) => JSON.stringify(event)),
      weight: 1,
    },
    { arbitrary: hostileText, weight: 1 },
    {
      arbitrary: mangled(objectsOf(kind).map((object) => JSON.stringify({ type: 'ADDED', object }))),
      weight: 2,
    },
  );
}

describe.each([
  ['Service', SERVICES as Resource<unknown>],
  ['EndpointSlice', ENDPOINT_SLICES as Resource<unknown>],
  ['Node', ownNode('node-a') as Resource<unknown>],
])('a watch of %s', (kind, resource) => {
  withstands(
    'events of any kind, cut anywhere, and takes what came before a fault',
    fc.tuple(fc.array(events(kind), { maxLength: 8 }), cuts),
    ([lines, where]) => {
      const bytes = Buffer.from(`${lines.join('\n')}\n`);
      const whole = decoded(resource, [bytes]);
      expect(decoded(resource, pieces(bytes, where))).toEqual(whole);
      const ofLines = lines.map((line) => Buffer.from(`${line}\n`));
      expect(decoded(resource, ofLines)).toEqual(whole);
    },
  );

  withstands('bytes of any kind', fc.tuple(fc.uint8Array({ maxLength: 400 }), cuts), ([bytes, where]) => {
    const { changes } = decoded(resource, pieces(Buffer.from(bytes), where));
    expect(changes).toEqual([]);
  });

  withstands(
    'depths',
    nestedText,
    (text) => {
      decoded(resource, [
        Buffer.from(`{"type":"ADDED","object":{"metadata":{"name":"a"},"spec":${text}}}\n`),
      ]);
    },
    20,
  );
});

describe('a list', () => {
  const lists = objectsOf('Service').map((item) =>
    JSON.stringify({ kind: 'ServiceList', metadata: { resourceVersion: '1' }, items: [item, item] }),
  );
  const split = (chunks: readonly Buffer[]): unknown => {
    const splitter = listSplitter(16_000_000);
    try {
      return [chunks.flatMap((chunk) => splitter.split(chunk)), splitter.envelope()];
    } catch (error) {
      if (!(error instanceof FaultError)) throw error;
      return error.fault.kind;
    }
  };

  withstands('that is damaged, cut anywhere', fc.tuple(mangled(lists), cuts), ([text, where]) => {
    const bytes = Buffer.from(text);
    expect(split(pieces(bytes, where))).toEqual(split([bytes]));
  });
});

describe('an answer that is no success', () => {
  withstands(
    'with any body and any time to wait',
    fc.tuple(fc.integer({ min: 300, max: 599 }), hostileText, hostileText),
    (given) => {
      const { message } = faultOfResponse(...given);
      expect(message.length).toBeLessThan(1_100);
    },
  );
  withstands(
    'with any Status',
    spoiled([
      {
        kind: 'Status',
        message: 'm',
        reason: 'r',
        code: 429,
        details: { retryAfterSeconds: 1, causes: [{ reason: 'x' }] },
      },
    ]),
    (status) => {
      const fault = faultOfResponse(500, undefined, JSON.stringify(status));
      expect(fault.message.length).toBeLessThan(1_100);
      if (fault.kind === 'busy') expect(fault.retryAfter ?? 0).toBeLessThanOrEqual(120_000);
    },
  );
});
