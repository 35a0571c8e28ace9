import { listed } from '../explain/listing.ts';
import { BOLD, DIM, GREEN, RED, YELLOW, type Paint } from '../text/paint.ts';
import { alignedTable } from '../text/table.ts';
import type { FamilyStatus, ServiceTrouble, SourceStatus, StatusReport, SyncStatus } from './schema.ts';
import { agoText, secondsBetween, spanText } from './span.ts';

/** More troubles are counted, not listed: it is to be one screen. */
const MOST_SHOWN = 20;
/** Of an error: what the tool said, and the lines around the one that it complains of. */
const MOST_ERROR_LINES = 6;

/** How a node is doing, for people. */
export function statusText(report: StatusReport, paint: Paint): string {
  const blocks = [
    headText(report, paint),
    familyTable(report.families, paint),
    syncTable(report),
    report.families.map((family) => failureText(family, report.at, paint)).join(''),
    troublesText(report, paint),
  ];
  return blocks.filter((block) => block !== '').join('\n');
}

const VERDICTS: Readonly<Record<StatusReport['verdict'], string>> = {
  healthy: GREEN,
  starting: YELLOW,
  trouble: RED,
};

function headText(report: StatusReport, paint: Paint): string {
  const { version, node, verdict, startedAt, at, source, memory } = report;
  const up = spanText(secondsBetween(startedAt, at));
  const head = `chainwright ${version} on ${node}: ${paint(VERDICTS[verdict], verdict)}, up ${up}`;
  const rows = [
    ['source', sourceText(source, at)],
    ...source.faults.map(({ what, since, error }) => [
      '',
      paint(RED, `${what}, since ${agoText(since, at)}: ${firstLine(error)}`),
    ]),
    ['cluster', clusterText(report)],
    ['layout', layoutText(report)],
    ...repairRows(report),
    ['verify', VERIFY[report.verify]],
    ['memory', `${megabytes(memory.residentBytes)} resident, ${megabytes(memory.heapBytes)} of it heap`],
  ];
  return `${head}\n${indented(alignedTable(rows))}`;
}

const KINDS: Readonly<Record<SourceStatus['kind'], string>> = {
  api: 'API server',
  directory: 'directory',
};

function sourceText({ kind, where, state, lastHeard, lastChange }: SourceStatus, at: string): string {
  // A directory says nothing while nothing changes.
  const heard = lastHeard === null || kind === 'directory' ? [] : [`heard of ${agoText(lastHeard, at)}`];
  const changed = lastChange === null ? [] : [`last change ${agoText(lastChange, at)}`];
  const words = state === 'waiting' ? 'waited for: it has not told everything yet' : state;
  return [`${KINDS[kind]} ${where}`, words, ...heard, ...changed].join(', ');
}

function clusterText({ cluster: { services, servicePorts } }: StatusReport): string {
  return `${counted(services, 'service')}, ${counted(servicePorts, 'service port')}`;
}

/** Families differ at most for the moments of a change. */
function layoutText({ layout, families }: StatusReport): string {
  const inForce = [...new Set(families.map((family) => family.layout.inForce ?? 'none yet'))].join(', ');
  const wanted = [...new Set(families.map((family) => family.layout.wanted))].join(', ');
  const [reason = ''] = families.map((family) => family.layout.why);
  const change = wanted === inForce ? '' : `, to become ${wanted}`;
  const comments = layout.comments === 'auto' ? '' : `; comments: ${layout.comments}`;
  return `${inForce}${change} (${reason})${comments}`;
}

const VERIFY: Readonly<Record<StatusReport['verify'], string>> = {
  off: 'off: rules are written unproven',
  sample: 'a few services of each sync are proven before they are written',
  always: 'every service is proven before it is written',
};

const DAMAGE = {
  flush: 'tables were emptied',
  chain: 'chains were changed',
  jump: 'jumps to our chains were gone',
} as const;

function repairRows({ families, at }: StatusReport): readonly (readonly string[])[] {
  return families.flatMap(({ family, driftRepairs: { count, last } }) =>
    last === null
      ? []
      : [['repairs', `${count} in ${family}; the last ${agoText(last.at, at)}: ${DAMAGE[last.damage]}`]],
  );
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}

const STATES: Readonly<Record<FamilyStatus['state'], readonly [code: string, text: string]>> = {
  waiting: [YELLOW, 'nothing written yet'],
  inSync: [GREEN, 'in sync'],
  pending: [YELLOW, 'pending'],
  late: [RED, 'late'],
  failed: [RED, 'failed'],
};

function familyTable(families: readonly FamilyStatus[], paint: Paint): string {
  const heads = ['FAMILY', 'BACKEND', 'LAYOUT', 'SERVICES', 'PORTS', 'ENDPOINTS', 'RULES', 'STATE'];
  const rows = families.map((status) => {
    const { family, backend, layout, services, servicePorts, endpoints, rules, state, pending } = status;
    const [code, text] = STATES[state];
    const waiting = pending.services === 0 ? '' : `: ${counted(pending.services, 'service')} waiting`;
    return [
      ...[family, backend, layout.inForce ?? '-'],
      ...[services, servicePorts, endpoints].map((count) => count.toLocaleString('en')),
      rules === null ? '-' : (rules.filter + rules.nat).toLocaleString('en'),
      paint(code, text) + waiting,
    ];
  });
  return alignedTable([heads, ...rows]);
}

const REASONS: Readonly<Record<SyncStatus['reason'], string>> = {
  start: 'the first one',
  node: 'the node changed',
  layout: 'another layout',
  failure: 'one before had failed',
  flush: 'rules were gone',
  check: 'comparison with the kernel',
  change: 'services changed',
};

function syncTable({ families, at }: StatusReport): string {
  const rows = families.flatMap(({ family, lastFull, lastDelta }) => [
    ...syncRow(`${family}, all`, lastFull, at),
    ...syncRow(`${family}, changes`, lastDelta, at),
  ]);
  return rows.length === 0 ? '' : alignedTable([['LAST SYNC', 'ENDED', 'TOOK', 'CHAINS', 'WHY'], ...rows]);
}

function syncRow(what: string, sync: SyncStatus | null, now: string): readonly (readonly string[])[] {
  if (sync === null) return [];
  const { at, seconds, written, deleted, reason } = sync;
  const chains = `${written.toLocaleString('en')} written, ${deleted.toLocaleString('en')} deleted`;
  return [[what, agoText(at, now), spanText(seconds), chains, REASONS[reason]]];
}

function failureText({ family, failure }: FamilyStatus, at: string, paint: Paint): string {
  if (failure === null) return '';
  const { times, since, error, retryInSeconds } = failure;
  const next = retryInSeconds === null ? 'tried now' : `tried again in ${spanText(retryInSeconds)}`;
  const head = `${family} could not be written, ${counted(times, 'time')} since ${agoText(since, at)}; ${next}:`;
  const lines = error.split('\n').slice(0, MOST_ERROR_LINES);
  return `${paint(RED, head)}\n${indented(`${lines.join('\n')}\n`)}`;
}

function troublesText({ troubles, troublesTotal, families }: StatusReport, paint: Paint): string {
  if (troublesTotal === 0) return '';
  const shown = troubles.slice(0, MOST_SHOWN);
  const rest = troublesTotal - shown.length;
  return [
    `${paint(BOLD, 'Services:')}\n`,
    ...shown.map((trouble) => troubleText(trouble, families, paint)),
    rest === 0
      ? ''
      : paint(DIM, `  and ${rest.toLocaleString('en')} more; --output json tells some of them\n`),
  ].join('');
}

function troubleText(trouble: ServiceTrouble, families: readonly FamilyStatus[], paint: Paint): string {
  const { service, severity, text, remedy } = trouble;
  const head = severity === 'trouble' ? paint(RED, 'trouble') : paint(DIM, 'note');
  const only = trouble.families.length < families.length ? `, ${listed(trouble.families)}` : '';
  const lines = text.split('\n').slice(0, MOST_ERROR_LINES).join('\n    ');
  const more = remedy === null ? '' : `    remedy: ${remedy}\n`;
  return `  ${head}: ${service}${only}: ${lines}\n${more}`;
}

function indented(lines: string): string {
  return lines.replace(/^(?=.)/gm, '  ');
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

/** `1 service`, `12,000 services`. */
function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}
