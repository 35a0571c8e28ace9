import { joinHostPort } from '../net/address.ts';
import type { Check } from './checks.ts';
import type { Destination, ExpectedArrival } from './expectation.ts';
import type { LabReport } from './schema.ts';
import { alignedTable } from '../text/table.ts';
import type { Sighting, Verdict } from './verdict.ts';

const HEADER = ['DESTINATION', 'FROM', 'ARRIVED AT', 'EXPECTED', 'SEEN', 'SOURCE SEEN', 'VERDICT'];

const KIND_WORDS: Readonly<Record<Destination['kind'], string>> = {
  clusterIP: 'cluster IP',
  nodePort: 'node port',
  externalIP: 'external IP',
  loadBalancerIP: 'load balancer',
};

/** The verdicts for people: a row for each endpoint, under a line for each service port. */
export function tableReport(verdicts: readonly Verdict[]): string {
  const rows: (readonly string[])[] = [HEADER];
  let service = '';
  let destination = '';
  for (const verdict of verdicts) {
    const { check } = verdict;
    if (check.service !== service) rows.push([check.service]);
    const where = destinationWords(check);
    const isNew = where !== destination || check.service !== service;
    service = check.service;
    destination = where;
    rows.push(...rowsOf(verdict, isNew ? `  ${where}` : ''));
  }
  return `${alignedTable(rows)}\n${closingLine(verdicts)}\n`;
}

function rowsOf(verdict: Verdict, where: string): readonly (readonly string[])[] {
  const { check, requests, sightings } = verdict;
  // A promise of session affinity is kept by the one endpoint that was chosen.
  const shown =
    check.expectation.kind === 'arrives' && check.expectation.sticky
      ? sightings.filter(({ count }) => count > 0)
      : sightings;
  return shown.map((sighting, index) => [
    index === 0 ? where : '',
    index === 0 ? `${check.source.kind} ${check.source.address}` : '',
    placeWords(sighting.at),
    expectedWords(check, sighting.at),
    percent(sighting.count / requests),
    sourceWords(check, sighting),
    index === 0 ? judgementWords(verdict) : '',
  ]);
}

function judgementWords({ complaints, wonBy }: Verdict): string {
  if (complaints.length > 0) return `WRONG: ${complaints.join('; ')}`;
  return wonBy === undefined ? 'ok' : `${wonBy} claims it too, and has it`;
}

function destinationWords({ destination: { kind, address, port }, protocol }: Check): string {
  return `${KIND_WORDS[kind]} ${joinHostPort(address, port)}/${protocol}`;
}

function placeWords(at: string): string {
  if (at === 'refused') return 'refused';
  return at === 'timeout' ? 'hangs (dropped)' : at;
}

function expectedWords({ expectation }: Check, at: string): string {
  if (expectation.kind !== 'arrives') {
    const right = expectation.kind === 'refused' ? 'refused' : 'timeout';
    return percent(at === right ? 1 : 0);
  }
  const arrival = arrivalAt(expectation.at, at);
  if (arrival === undefined) return percent(0);
  return expectation.sticky ? 'sticky' : percent(arrival.share);
}

function sourceWords({ expectation }: Check, { at, sources }: Sighting): string {
  if (sources.length === 0) return '-';
  const expected = expectation.kind === 'arrives' ? arrivalAt(expectation.at, at)?.source : undefined;
  const whose = expected === undefined ? '' : expected === 'node' ? ' (node)' : ' (own)';
  return `${sources.join(', ')}${whose}`;
}

function arrivalAt(arrivals: readonly ExpectedArrival[], at: string): ExpectedArrival | undefined {
  return arrivals.find(({ endpoint }) => endpoint === at);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** `All 9 checks are as expected, 610 requests.` */
function closingLine(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return 'Nothing to check: no service port that the rules serve.';
  const requests = verdicts.reduce((sum, verdict) => sum + verdict.requests, 0);
  const wrong = verdicts.filter(({ complaints }) => complaints.length > 0).length;
  if (wrong === 0) return `All ${verdicts.length} checks are as expected, ${requests} requests.`;
  return `${wrong} of ${verdicts.length} checks are not as expected, ${requests} requests.`;
}

/** Of the lab as a whole. */
export type LabFacts = Pick<LabReport, 'node' | 'backend' | 'notes'>;

/** The verdicts for machines; `labReportSchema` tells their shape. */
export function jsonReport(verdicts: readonly Verdict[], about: LabFacts): string {
  const checks = verdicts.map(({ check, requests, sightings, complaints, wonBy }) => ({
    service: check.service,
    destination: { ...check.destination, protocol: check.protocol },
    from: { kind: check.source.kind, address: check.source.address },
    expected: check.expectation,
    requests,
    seen: sightings.map((sighting) => ({ ...sighting, share: sighting.count / requests })),
    complaints,
    wonBy: wonBy ?? null,
    ok: complaints.length === 0,
  }));
  const report: LabReport = { ...about, ok: checks.every(({ ok }) => ok), checks };
  return `${JSON.stringify(report, null, 2)}\n`;
}
