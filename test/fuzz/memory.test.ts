import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { badObjects } from '../../src/cluster/api/bad-objects.ts';
import { FaultError } from '../../src/cluster/api/fault.ts';
import { intake } from '../../src/cluster/api/intake.ts';
import { interner } from '../../src/cluster/api/intern.ts';
import { knownObjects } from '../../src/cluster/api/known.ts';
import { lineSplitter } from '../../src/cluster/api/line-splitter.ts';
import { ENDPOINT_SLICES } from '../../src/cluster/api/resource.ts';
import { watchSession } from '../../src/cluster/api/watch-session.ts';
import { readManifests } from '../../src/cluster/manifests.ts';
import { programOfSave } from '../../src/inspect/program.ts';
import { eventsOf } from './events.ts';
import { MANIFESTS, SAVED } from './objects.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapAfter(work: (round: number) => void, rounds: readonly [from: number, to: number]): number {
  for (let round = rounds[0]; round < rounds[1]; round += 1) work(round);
  collect();
  return process.memoryUsage().heapUsed;
}

/** The first rounds fill what is bounded; after them as many again may add next to nothing. */
function expectNoGrowth(work: (round: number) => void, rounds: number, allowance: number): void {
  const before = heapAfter(work, [0, rounds]);
  expect(heapAfter(work, [rounds, 2 * rounds]) - before).toBeLessThan(allowance);
}

const MIB = 1024 * 1024;

describe('memory does not grow', () => {
  it('by objects that come, are bad, and go, each by a new name', () => {
    const known = knownObjects(ENDPOINT_SLICES);
    const options = { resource: ENDPOINT_SLICES, known, onBadObject: () => undefined };
    const taking = intake({
      ...options,
      badObjects: badObjects({ warn: () => undefined }),
      intern: interner(),
    });
    const quiet = { onChanges: () => undefined, onListed: () => undefined, onEvents: () => undefined };
    const session = watchSession(
      { known, intake: taking, ...quiet },
      { kind: 'watch', from: '', verify: false },
    );
    const splitter = lineSplitter(MIB);
    const filler = 'x'.repeat(500);
    const work = (round: number): void => {
      const metadata = {
        name: `slice-${round}`,
        namespace: `n-${round}`,
        resourceVersion: String(round + 1),
      };
      const endpoints = [
        {
          addresses: [`${filler}-${round}`],
          nodeName: `node-${round}`,
          hints: { forZones: [{ name: `zone-${round}` }] },
        },
      ];
      const object = { metadata, addressType: 'IPv4', endpoints };
      const lines = [{ type: 'ADDED', object }, ...(round % 2 === 0 ? [] : [{ type: 'DELETED', object }])];
      // A bad endpoint is left out; a slice without a type is passed over as a whole.
      const bad = {
        type: 'ADDED',
        object: { metadata: { ...metadata, name: `bad-${round}` }, addressType: filler },
      };
      const bytes = Buffer.from(
        [...lines, bad, { type: 'DELETED', object: { metadata: { ...metadata, name: `slice-${round}` } } }]
          .map((event) => `${JSON.stringify(event)}\n`)
          .join(''),
      );
      session.onEvents(eventsOf(splitter.split(bytes)));
    };
    expectNoGrowth(work, 15_000, 4 * MIB);
    expect(known.size()).toBe(0);
  });

  it('by lines that never end', () => {
    expectNoGrowth(
      () => {
        const splitter = lineSplitter(MIB);
        const chunk = Buffer.alloc(64 * 1024, 0x61);
        expect(() => {
          for (;;) splitter.split(chunk);
        }).toThrow(FaultError);
      },
      30,
      2 * MIB,
    );
  });

  it('by reading manifests and saved rules over and over', () => {
    const text = MANIFESTS[0] ?? '';
    const saved = SAVED[0]?.text.split('\n') ?? [];
    expectNoGrowth(
      (round) => {
        readManifests([{ name: `${round}.yaml`, text: text.replaceAll('node-a', `node-${round}`) }]);
        programOfSave(saved, 'ipv4');
      },
      150,
      3 * MIB,
    );
  });
});
