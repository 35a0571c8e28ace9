import { describe, it } from 'vitest';
import type { BackendKind } from '../../../src/iptables/backend.ts';
import { randomFrom } from '../../support/crowd.ts';
import { KUBE_PROXY } from '../traffic/kube-proxy.ts';
import { randomSteps } from './cluster.ts';
import { CONFIGS } from './configs.ts';
import { reportOf } from './report.ts';
import { runSequence } from './sequence.ts';
import { shrunk } from './shrink.ts';

/*
 * A real kube-proxy and ours follow one API server, each on a node of its own, through a random cluster and
 * a random sequence of changes. After each step the kernels of both must hold the same rules, and both must
 * give load balancers the same answers.
 *
 * `make same-as-kube-proxy KUBE_PROXY=path SEED=1 RUNS=100` goes on from the seed; a counterexample names
 * its own.
 */

/** Empty is as good as unset: make hands on what it was not given. */
function numberFrom(name: string, otherwise: number): number {
  const given = process.env[name] ?? '';
  return given === '' ? otherwise : Number(given);
}

const SEED = numberFrom('SEED', 1);
const RUNS = numberFrom('RUNS', 2);
const STEPS = numberFrom('STEPS', 12);
/** Milliseconds that a sequence may take on a slow machine. */
const LONGEST = 600_000;

/** Every third sequence is one of the legacy store. */
function storeFor(seed: number): BackendKind {
  return seed % 3 === 0 ? 'legacy' : 'nft';
}

describe.skipIf((KUBE_PROXY ?? '') === '')('beside a real kube-proxy', () => {
  for (let seed = SEED; seed < SEED + RUNS; seed += 1) {
    const config = CONFIGS[seed % CONFIGS.length] ?? { name: 'none', config: {} };
    const options = { kubeProxy: KUBE_PROXY ?? '', kind: storeFor(seed), config };
    it(
      `means the same: seed ${seed}, ${options.kind}, ${config.name}`,
      async () => {
        const steps = [...randomSteps(randomFrom(seed), STEPS)];
        const found = await runSequence(options, steps);
        if (found === undefined) return;
        throw new Error(`step ${found.at}:\n${reportOf(await shrunk(options, { steps, found }), config)}`);
      },
      LONGEST,
    );
  }
});

if ((KUBE_PROXY ?? '') === '') {
  process.stderr.write(
    'SKIPPED: a real kube-proxy beside ours over random changes; KUBE_PROXY names no binary of one\n',
  );
}
