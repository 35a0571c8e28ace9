import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { faultOfResponse } from '../../src/cluster/api/classify.ts';
import { ENDPOINT_SLICES, ownNode, SERVICES, type Resource } from '../../src/cluster/api/resource.ts';
import { hostileText, mangled, nestedText, spoiled } from './hostile.ts';
import { pieces } from '../support/pieces.ts';
import { decoded, itemsOf } from './decoded.ts';
import { objectsOf } from './objects.ts';
import { withstands } from './withstands.ts';

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

  withstands('that is damaged, cut anywhere', fc.tuple(mangled(lists), cuts), ([text, where]) => {
    const bytes = Buffer.from(text);
    expect(itemsOf(pieces(bytes, where))).toEqual(itemsOf([bytes]));
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
