import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { statusObject, tooOld } from './fake-answers.ts';
import { FakeServer, type Misdeed } from './fake-server.ts';
import { follow } from './following.ts';
import { node, service, slice } from './objects.ts';

/* Whatever happens, and whatever goes wrong meanwhile: in the end the source knows what the server knows. */

type Action =
  | { readonly kind: 'service'; readonly name: string; readonly affinity: boolean; readonly port: number }
  | { readonly kind: 'slice'; readonly name: string; readonly addresses: readonly number[] }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'node'; readonly zone: string }
  | { readonly kind: 'bad'; readonly name: string }
  | { readonly kind: 'end'; readonly how: 'end' | 'reset' | 'mute' }
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'fault'; readonly misdeed: Misdeed; readonly times: number }
  | { readonly kind: 'compact' }
  | { readonly kind: 'bookmark' }
  | { readonly kind: 'unseen'; readonly name: string }
  | { readonly kind: 'restart' }
  | { readonly kind: 'noWatchList' }
  | { readonly kind: 'pause'; readonly milliseconds: number };

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');

const status = fc
  .tuple(fc.constantFrom(400, 401, 403, 404, 410, 422, 429, 500, 503, 504), fc.option(fc.constant(0)))
  .map(([code, retryAfter]): Misdeed => {
    const base = { code, reason: 'MadeUp', message: 'made up' };
    return { do: 'answer', status: retryAfter === null ? base : { ...base, retryAfter } };
  });

const misdeed: fc.Arbitrary<Misdeed> = fc.oneof(
  status,
  fc.constant<Misdeed>({ do: 'reset' }),
  fc.constant<Misdeed>({ do: 'silence' }),
  fc.constant<Misdeed>({ do: 'proxyAnswer', code: 200, body: '<html>\n' }),
  fc.record({
    do: fc.constant('cut' as const),
    after: fc.nat({ max: 3_000 }),
    how: fc.constantFrom('reset' as const, 'end' as const),
  }),
  fc.record({
    do: fc.constant('say' as const),
    text: fc.constantFrom('', '{"type":"ADD', 'nonsense\n', '{"type":"BOOKMARK"}\n'),
    then: fc.constantFrom('end' as const, 'reset' as const, 'goOn' as const),
  }),
);

const expired = `${JSON.stringify({ type: 'ERROR', object: statusObject(tooOld(1, 2)) })}\n`;

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('service' as const),
      name,
      affinity: fc.boolean(),
      port: fc.integer({ min: 1, max: 65_535 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('slice' as const),
      name,
      addresses: fc.array(fc.integer({ min: 1, max: 254 }), { maxLength: 4 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('remove' as const), name }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('node' as const), zone: fc.constantFrom('z1', 'z2') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('bad' as const), name }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('end' as const),
      how: fc.constantFrom('end' as const, 'reset' as const, 'mute' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('say' as const),
      text: fc.constantFrom('nonsense\n', '{"type":', expired),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      misdeed,
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Action>({ kind: 'compact' }) },
  { weight: 1, arbitrary: fc.constant<Action>({ kind: 'bookmark' }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('unseen' as const), name }) },
  { weight: 1, arbitrary: fc.constant<Action>({ kind: 'restart' }) },
  { weight: 1, arbitrary: fc.constant<Action>({ kind: 'noWatchList' }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('pause' as const), milliseconds: fc.nat({ max: 15 }) }),
  },
);

const TIMING = { listDeadline: 80, idle: 80, settled: 20, pause: [2, 20] as const };

async function perform(server: FakeServer, step: Action): Promise<void> {
  switch (step.kind) {
    case 'service': {
      const ports = [{ name: 'http', protocol: 'TCP', port: step.port }];
      server.apply(
        'services',
        service(step.name, { ports, sessionAffinity: step.affinity ? 'ClientIP' : 'None' }),
      );
      return;
    }
    case 'slice':
      server.apply(
        'endpointslices',
        slice(
          step.name,
          step.addresses.map((last) => `10.244.0.${last}`),
        ),
      );
      return;
    case 'remove':
      server.remove('services', `shop/${step.name}`);
      server.remove('endpointslices', `shop/${step.name}-abcde`);
      return;
    case 'node':
      server.apply('nodes', node('node-a', step.zone));
      return;
    case 'bad':
      // Bad at first sight, good at second: whether the bad version was seen must not matter in the end.
      server.apply('services', service(step.name, { clusterIP: 'nonsense', clusterIPs: ['nonsense'] }));
      await sleep(3);
      server.apply('services', service(step.name));
      return;
    case 'end':
      server.endWatches(step.how);
      return;
    case 'say':
      server.sayToWatches(step.text);
      // A line that was begun never ends: the connection is worth nothing any more.
      server.endWatches('reset');
      return;
    case 'fault':
      server.faults.push({ on: 'any', times: step.times, misdeed: step.misdeed });
      return;
    case 'compact':
      server.store.compact();
      return;
    case 'bookmark':
      server.bookmark();
      return;
    case 'unseen':
      // The watch that misses something cannot be a good one.
      server.endWatches('mute');
      server.applyUnseen('services', service(step.name, { sessionAffinity: 'ClientIP' }));
      return;
    case 'restart':
      await server.stop();
      await server.startAgain();
      return;
    case 'noWatchList':
      server.watchList = !server.watchList;
      return;
    case 'pause':
      await sleep(step.milliseconds);
  }
}

describe('random changes and faults', () => {
  it('always end with the source knowing what the server knows', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), async (actions) => {
        const server = await FakeServer.start();
        server.apply('nodes', node('node-a'));
        const following = await follow(server, { timing: TIMING });
        try {
          const begin = performance.now();
          for (const step of actions) await perform(server, step);
          await following.settled();
          expect(following.synced()).toBe(1);
          // Nothing that was asked for was asked in a hot loop.
          const perSecond = server.requests.length / ((performance.now() - begin) / 1000 + 0.1);
          expect(perSecond).toBeLessThan(600);
          expectNoRepeats(following.batches.flat());
        } finally {
          await following.stop();
          await server.stop();
        }
      }),
      { numRuns: Number(process.env.CHAINWRIGHT_RUNS ?? 40) },
    );
  });
});

/** Nothing is told twice: a change is a change. */
function expectNoRepeats(changes: readonly { kind: string; key: string; object: unknown }[]): void {
  const last = new Map<string, string | undefined>();
  for (const { kind, key, object } of changes) {
    const id = `${kind} ${key}`;
    const text = object === undefined ? undefined : JSON.stringify(object);
    expect(text, id).not.toBe(last.get(id));
    last.set(id, text);
  }
}
