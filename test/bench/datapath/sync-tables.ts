import { row } from '../own-node.ts';
import type { SyncContest } from './results.ts';
import { pairedRatio, summary } from './statistics.ts';
import { OPERATION_TITLES, OPERATIONS, type Operation } from './sync/changes.ts';
import { WAYS, type SyncCost, type Way } from './sync/contender.ts';
import type { SyncSeries } from './sync/contest.ts';

export function syncTables({ services, load, series }: SyncContest): readonly string[] {
  const lines = (['full', ...OPERATIONS] as const).flatMap((operation) =>
    (['legacy', 'nft'] as const).map((backend) => {
      const costs = (way: Way): readonly SyncCost[] =>
        series.find(
          (each: SyncSeries) => each.way === way && each.backend === backend && each.operation === operation,
        )?.costs ?? [];
      return row(
        OPERATION_TITLES[operation satisfies Operation | 'full'],
        backend,
        ...WAYS.flatMap((way) => [
          figures(costs(way).map(({ cpu }) => cpu)),
          figures(costs(way).map(({ wall }) => wall)),
        ]),
        times(costs('kube-proxy'), costs('classic')),
        times(costs('kube-proxy'), costs('indexed')),
      );
    }),
  );
  const titles = [
    ...WAYS.flatMap((way) => [`${way} CPU`, `${way} wall`]),
    'kube-proxy / classic, CPU',
    'kube-proxy / indexed, CPU',
  ];
  return [
    [
      `### ${services.toLocaleString('en')} services of two endpoints`,
      '',
      `Load of the machine: ${load.toFixed(1)}.`,
      '',
      row('change', 'backend', ...titles),
      row('---', '---', ...titles.map(() => '--:')),
      ...lines,
    ].join('\n'),
  ];
}

function figures(values: readonly number[]): string {
  if (values.length === 0) return '';
  const { median, low, high } = summary(values);
  return values.length === 1
    ? `**${milliseconds(median)}**`
    : `**${milliseconds(median)}** ${milliseconds(low)}–${milliseconds(high)}`;
}

/** Round by round, as far as both went: what takes too long is not done again. */
function times(values: readonly SyncCost[], rivals: readonly SyncCost[]): string {
  const rounds = Math.min(values.length, rivals.length);
  if (rounds === 0) return '';
  const cpu = (costs: readonly SyncCost[]): readonly number[] =>
    costs.slice(0, rounds).map((cost) => cost.cpu);
  return pairedRatio(cpu(values), cpu(rivals)).median.toFixed(1);
}

function milliseconds(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}
