import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rulesetOf } from '../../../../src/chains/layout.ts';
import { programOf } from '../../../../src/inspect/program.ts';
import { FAMILIES } from '../../../../src/net/address.ts';
import { randomScenes } from '../../../support/random-clusters.ts';
import { findings } from './proving.ts';

/** `make check-random CLUSTERS=10000` tries more, and others. */
const CLUSTERS = Number(process.env.CLUSTERS ?? 120);
const SEED = Number(process.env.SEED ?? 20_260_105);

describe(`${CLUSTERS} random clusters, seed ${SEED}`, () => {
  for (const family of FAMILIES) {
    for (const name of ['classic', 'indexed'] as const) {
      it(`are proven, ${family}, ${name}`, { timeout: 60_000 + CLUSTERS * 1000 }, () => {
        fc.assert(
          fc.property(
            randomScenes(family),
            fc.constantFrom('auto' as const, 'always' as const, 'never' as const),
            (scene, comments) => {
              const program = programOf(rulesetOf({ name, comments }, scene.services, scene.view));
              expect(findings(program, scene)).toBe('');
            },
          ),
          { numRuns: CLUSTERS, seed: SEED },
        );
      });
    }
  }
});
