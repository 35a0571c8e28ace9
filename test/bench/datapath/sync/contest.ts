import type { BackendKind } from '../../../../src/iptables/backend.ts';
import { command } from '../../own-node.ts';
import { randomNumbers, shuffled } from '../random.ts';
import { history, OPERATIONS, type History, type Operation } from './changes.ts';
import { makeContender, WAYS, type Contender, type SyncCost, type Way } from './contender.ts';

/** What one contender's syncs took for one operation, a value for each round. */
export interface SyncSeries {
  readonly way: Way;
  readonly backend: BackendKind;
  readonly operation: Operation | 'full';
  readonly costs: readonly SyncCost[];
}

export interface SyncContestOptions {
  readonly services: number;
  /** First full syncs, each in a new namespace. */
  readonly fullRounds: number;
  /** Changes of each kind. */
  readonly rounds: number;
  /** Also what takes minutes. */
  readonly patient: boolean;
  readonly say: (line: string) => void;
}

interface Runner {
  readonly way: Way;
  readonly backend: BackendKind;
  readonly costs: Record<Operation | 'full', SyncCost[]>;
  contender: Contender | undefined;
}

/** A contender that takes so many milliseconds for its first full sync is not asked for another. */
const TOO_LONG = 20_000;
/**
 * Past so many services kube-proxy's text takes iptables-nft-restore minutes: without patience it is given the
 * same rules in our way, and only its changes are measured.
 */
const MOST_AT_ONCE = 5_000;

export async function syncContest(options: SyncContestOptions): Promise<readonly SyncSeries[]> {
  const runners = (['legacy', 'nft'] as const).flatMap((backend) =>
    WAYS.map((way): Runner => ({
      way,
      backend,
      costs: { full: [], endpoint: [], service: [], percent: [] },
      contender: undefined,
    })),
  );
  const past = history(options.services);
  const random = randomNumbers(options.services);
  for (let round = 0; round < options.fullRounds; round += 1) {
    for (const runner of shuffled(random, runners)) await startAnew(runner, past, options);
  }
  for (let round = 0; round < options.rounds; round += 1) {
    for (const operation of shuffled(random, OPERATIONS)) {
      const changes = past.next(operation);
      for (const { contender, costs } of shuffled(random, runners)) {
        if (contender !== undefined) costs[operation].push(await contender.take(changes));
      }
    }
  }
  return runners.flatMap(({ way, backend, costs }) =>
    (['full', ...OPERATIONS] as const).map((operation) => ({
      way,
      backend,
      operation,
      costs: costs[operation],
    })),
  );
}

async function startAnew(runner: Runner, past: History, options: SyncContestOptions): Promise<void> {
  const { way, backend, costs } = runner;
  const isHopeless = way === 'kube-proxy' && backend === 'nft' && options.services > MOST_AT_ONCE;
  const skips = isHopeless && !options.patient;
  if (runner.contender !== undefined) {
    if (skips || costs.full.some(({ all }) => all > TOO_LONG)) return;
    command('ip', 'netns', 'del', runner.contender.label);
  }
  runner.contender = makeContender(way, backend, skips);
  const cost = await runner.contender.take(past.start);
  if (!skips) costs.full.push(cost);
  const seconds = (cost.all / 1000).toFixed(1);
  options.say(`${runner.contender.label}: ${skips ? 'loaded in our way in' : 'full sync'} ${seconds} s`);
}
