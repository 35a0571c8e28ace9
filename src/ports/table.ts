import { alignedTable } from '../text/table.ts';
import { notesOf, processName } from './notes.ts';
import { isTaken } from './report.ts';
import type { PortEntry, PortFamily, PortsReport } from './schema.ts';

/** The report for people: a row for each port, two where its families differ. */
export function portsTable(report: PortsReport): string {
  if (report.ports.length === 0) return 'No service has a node port.\n';
  const columns = columnsFor(report);
  const rows = report.ports.flatMap((entry) =>
    alikeFamilies(entry.families).map((families) => columns.map(({ cell }) => cell(entry, families))),
  );
  return `${alignedTable([columns.map(({ head }) => head), ...rows])}\n${closingLines(report).join('\n')}\n`;
}

/** Families of one port of which the same is true but for their counters; never empty. */
type Alike = readonly [PortFamily, ...PortFamily[]];

interface Column {
  readonly head: string;
  readonly cell: (entry: PortEntry, families: Alike) => string;
}

/** Without columns for what was not looked at. */
function columnsFor({ live, backend }: PortsReport): readonly Column[] {
  const packets: Column = { head: 'PACKETS', cell: (_, families) => packetsText(families) };
  const listener: Column = { head: 'LISTENER', cell: (entry) => listenerText(entry) };
  return [
    { head: 'NODE PORT', cell: ({ port, protocol }) => `${port}/${protocol}` },
    { head: 'SERVICE', cell: ({ service }) => service },
    { head: 'POLICY', cell: ({ externalTrafficPolicy }) => externalTrafficPolicy },
    { head: 'LOCAL', cell: (_, [{ endpoints }]) => String(endpoints.local) },
    { head: 'TOTAL', cell: (_, [{ endpoints }]) => String(endpoints.total ?? '-') },
    ...(backend === null ? [] : [packets]),
    { head: 'FAMILIES', cell: (_, families) => families.map(({ family }) => family).join(',') },
    ...(live ? [listener] : []),
    { head: 'NOTES', cell: (entry, [family]) => notesOf(entry, family).join('; ') },
  ];
}

function alikeFamilies(families: readonly PortFamily[]): readonly Alike[] {
  const groups = Map.groupBy(families, ({ fate, endpoints, rule }) =>
    [fate, endpoints.local, endpoints.total, rule].join(' '),
  );
  return [...groups.values()].flatMap(([first, ...others]): readonly Alike[] => {
    if (first === undefined) return [];
    const all = [first, ...others];
    return [[{ ...first, turnedAway: total(all.map(({ turnedAway }) => turnedAway)) }, ...others]];
  });
}

/** Of the rule that decides: without endpoints that is the one which refuses. */
function packetsText(families: Alike): string {
  const counts = families.map(({ fate, packets, turnedAway }) => (fate === 'refused' ? turnedAway : packets));
  return String(total(counts) ?? '-');
}

/** null where none is known. */
function total(counts: readonly (number | null)[]): number | null {
  const known = counts.filter((count) => count !== null);
  return known.length === 0 ? null : known.reduce((sum, count) => sum + count, 0);
}

function listenerText({ listeners }: PortEntry): string {
  const names = new Set((listeners ?? []).map(processName));
  return names.size === 0 ? '-' : [...names].join(',');
}

/** `7 node ports on node-a: 1 taken, 2 refused.` and what to do. */
function closingLines({ node, ports, ephemeral }: PortsReport): readonly string[] {
  const withFate = (fate: PortFamily['fate']): number =>
    ports.filter(({ families }) => families.some((family) => family.fate === fate)).length;
  const counts: readonly (readonly [count: number, what: string])[] = [
    [ports.filter(isTaken).length, 'taken'],
    [withFate('refused'), 'refused'],
    [withFate('dropped'), 'dropped'],
  ];
  const troubles = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const where = node === '' ? '' : ` on ${node}`;
  const found = troubles.length === 0 ? '' : `: ${troubles.join(', ')}`;
  const first = `${ports.length} node port${ports.length === 1 ? '' : 's'}${where}${found}.`;
  if (ephemeral === null) return [first];
  return [first, ...ephemeralLines(ephemeral)];
}

function ephemeralLines({ ports, sysctl }: NonNullable<PortsReport['ephemeral']>): readonly string[] {
  const [subject, object] = ports.length === 1 ? ['One of them', 'it'] : [`${ports.length} of them`, 'them'];
  return [
    `${subject} may also be given to outgoing connections of the node, which then break. To reserve ${object}:`,
    `  sysctl -w ${sysctl}`,
  ];
}
