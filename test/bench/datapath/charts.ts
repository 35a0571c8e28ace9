import type { Family } from '../../../src/net/address.ts';
import { CASE_NAMES, CASE_TITLES, type CaseName } from './cases.ts';
import type { Transport } from './cluster.ts';
import { chartSvg, type Line, type Look, type Panel } from './panel-chart.ts';
import type { PacketContest, SyncContest } from './results.ts';
import { median } from './statistics.ts';
import { OPERATION_TITLES, OPERATIONS } from './sync/changes.ts';

export interface ChartFile {
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

const LOOKS: ReadonlyMap<string, Look> = new Map([
  ['none-legacy', { colour: '#8c959f', dashes: '2 3' }],
  ['native', { colour: '#1f2328', dashes: '6 3' }],
  ['classic-legacy', { colour: '#cf222e' }],
  ['classic-nft', { colour: '#fb8f44' }],
  ['indexed-legacy', { colour: '#0969da' }],
  ['indexed-nft', { colour: '#2da44e' }],
]);

const SYNC_LOOKS: ReadonlyMap<string, Look> = new Map([
  ['kube-proxy-legacy', { colour: '#8c959f', dashes: '6 3' }],
  ['kube-proxy-nft', { colour: '#1f2328', dashes: '6 3' }],
  ['classic-legacy', { colour: '#cf222e' }],
  ['classic-nft', { colour: '#fb8f44' }],
  ['indexed-legacy', { colour: '#0969da' }],
  ['indexed-nft', { colour: '#2da44e' }],
]);

/** One chart for each family and transport of which more than one number of services was measured. */
export function packetCharts(contests: readonly PacketContest[]): readonly ChartFile[] {
  return [...Map.groupBy(contests, ({ family }) => family)].flatMap(([family, ofFamily]) =>
    ofFamily.length < 2
      ? []
      : (['tcp', 'udp'] as const).map((transport) => packetChart(family, transport, ofFamily)),
  );
}

function packetChart(family: Family, transport: Transport, contests: readonly PacketContest[]): ChartFile {
  const title = `First packet of a new connection, ${transport.toUpperCase()} over ${nameOf(family)}`;
  const panels = CASE_NAMES.map((name) => ({
    title: CASE_TITLES[name],
    lines: packetLines(name, transport, contests),
  }));
  return {
    file: `datapath-${family}-${transport}.svg`,
    title,
    svg: chartSvg({ title, xTitle: 'services', yTitle: 'microseconds', panels, looks: LOOKS }),
  };
}

function packetLines(
  name: CaseName,
  transport: Transport,
  contests: readonly PacketContest[],
): readonly Line[] {
  return linesOf([...LOOKS.keys()], contests, ({ services, series }, label) => {
    const found = series.find(
      (each) => each.name === name && each.transport === transport && each.label === label,
    );
    return found && { x: services, y: median(found.typical) };
  });
}

/** Processor time over the number of services; a panel for each kind of change. */
export function syncChart(contests: readonly SyncContest[]): readonly ChartFile[] {
  if (contests.length < 2) return [];
  const title = 'Processor time of iptables-restore for one sync';
  const panels = (['full', ...OPERATIONS] as const).map((operation): Panel => ({
    title: OPERATION_TITLES[operation],
    lines: linesOf([...SYNC_LOOKS.keys()], contests, ({ services, series }, label) => {
      const found = series.find(
        (each) => each.operation === operation && `${each.way}-${each.backend}` === label,
      );
      return found && { x: services, y: median(found.costs.map(({ cpu }) => cpu)) };
    }),
  }));
  const svg = chartSvg({ title, xTitle: 'services', yTitle: 'milliseconds', panels, looks: SYNC_LOOKS });
  return [{ file: 'sync.svg', title, svg }];
}

function linesOf<Contest>(
  labels: readonly string[],
  contests: readonly Contest[],
  pointOf: (contest: Contest, label: string) => { readonly x: number; readonly y: number } | undefined,
): readonly Line[] {
  return labels
    .map((label) => ({
      label,
      points: contests
        .map((contest) => pointOf(contest, label))
        // What was not measured leaves a gap, not a point at nowhere.
        .filter((point) => point !== undefined)
        .filter(({ y }) => !Number.isNaN(y))
        .sort((a, b) => a.x - b.x),
    }))
    .filter(({ points }) => points.length > 0);
}

function nameOf(family: Family): string {
  return family === 'ipv4' ? 'IPv4' : 'IPv6';
}
