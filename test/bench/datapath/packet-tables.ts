import { row } from '../own-node.ts';
import { CASE_NAMES, CASE_TITLES, type CaseName } from './cases.ts';
import type { Transport } from './cluster.ts';
import { CONFIGURATIONS, labelOf } from './configurations.ts';
import type { Series } from './measure.ts';
import type { PacketContest } from './results.ts';
import { median, pairedRatio, summary } from './statistics.ts';

const TRANSPORTS: readonly Transport[] = ['tcp', 'udp'];
/** The size that the aims are set for. */
const AIMED_AT = 10_000;

/** How the rivals compare at the size of the aims, or at the largest one below it. */
export function ratioTables(contests: readonly PacketContest[]): readonly string[] {
  const contest = contests.findLast(({ services }) => services <= AIMED_AT);
  if (contest === undefined) return [];
  const lines = CASE_NAMES.flatMap((name) =>
    TRANSPORTS.map((transport) => ratioRow(contest, name, transport)),
  );
  return [
    [
      `### ${familyName(contest)}, ${count(contest.services)} services: who takes how many times as much`,
      '',
      `Of whole times, round by round, and in the last two columns of what is beyond \`none\`. Aims at 10,000`,
      `services: indexed / native at most 1.35 for hits and 1.15 for misses; classic / indexed at least 5 for hits`,
      `and 12 for misses. Load of the machine: ${contest.load.toFixed(1)}.`,
      '',
      row('case', '', ...RATIOS.map(({ title }) => title)),
      row('---', '---', ...RATIOS.map(() => '--:')),
      ...lines,
    ].join('\n'),
  ];
}

interface Ratio {
  readonly title: string;
  readonly of: (find: (label: string) => Series | undefined) => number;
}

const RATIOS: readonly Ratio[] = [
  whole('indexed', 'native', 'legacy'),
  whole('indexed', 'native', 'nft'),
  whole('classic', 'indexed', 'legacy'),
  whole('classic', 'indexed', 'nft'),
  beyondNone('legacy'),
  beyondNone('nft'),
];

function whole(one: string, other: string, backend: string): Ratio {
  const rival = other === 'native' ? 'native' : `${other}-${backend}`;
  return {
    title: `${one} / ${other}, ${backend}`,
    of(find) {
      const [values, rivals] = [find(`${one}-${backend}`), find(rival)];
      if (values === undefined || rivals === undefined) return NaN;
      return pairedRatio(values.typical, rivals.typical).median;
    },
  };
}

/** Medians first: the small differences of single rounds may be nothing, and nothing cannot divide. */
function beyondNone(backend: string): Ratio {
  return {
    title: `classic / indexed beyond none, ${backend}`,
    of(find) {
      const [classic, indexed, none] = ['classic', 'indexed', 'none'].map((name) =>
        median(find(`${name}-${backend}`)?.typical ?? []),
      );
      return ((classic ?? NaN) - (none ?? NaN)) / ((indexed ?? NaN) - (none ?? NaN));
    },
  };
}

function ratioRow({ series }: PacketContest, name: CaseName, transport: Transport): string {
  const find = (label: string): Series | undefined => findSeries(series, label, name, transport);
  return row(CASE_TITLES[name], transport, ...RATIOS.map(({ of }) => figure(of(find), 2)));
}

/** All times, a table for each transport. */
export function packetTables(contests: readonly PacketContest[]): readonly string[] {
  const [first] = contests;
  if (first === undefined) return [];
  return TRANSPORTS.map((transport) =>
    [
      `### ${familyName(first)}, ${transport}: microseconds by number of services`,
      '',
      row('case', 'rules', ...contests.map(({ services }) => count(services))),
      row('---', '---', ...contests.map(() => '--:')),
      ...CASE_NAMES.flatMap((name) => caseRows(contests, name, transport)),
    ].join('\n'),
  );
}

function caseRows(
  contests: readonly PacketContest[],
  name: CaseName,
  transport: Transport,
): readonly string[] {
  return CONFIGURATIONS.map(labelOf)
    .filter((label) => contests.some(({ series }) => findSeries(series, label, name, transport)))
    .map((label, index) => {
      const cells = contests.map(({ series }) => cell(findSeries(series, label, name, transport)));
      return row(index === 0 ? CASE_TITLES[name] : '', label, ...cells);
    });
}

function cell(series: Series | undefined): string {
  if (series === undefined) return '';
  const { median: middle, low, high } = summary(series.typical);
  const short = series.incomplete > 0 ? ` (${series.incomplete} answered late)` : '';
  return `**${figure(middle, 1)}** ${figure(low, 1)}–${figure(high, 1)}${short}`;
}

function findSeries(
  series: readonly Series[],
  label: string,
  name: CaseName,
  transport: Transport,
): Series | undefined {
  return series.find((each) => each.label === label && each.name === name && each.transport === transport);
}

function familyName({ family }: PacketContest): string {
  return family === 'ipv4' ? 'IPv4' : 'IPv6';
}

function figure(value: number, digits: number): string {
  return Number.isNaN(value) ? '' : value.toFixed(digits);
}

function count(services: number): string {
  return services.toLocaleString('en');
}
