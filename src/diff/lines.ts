import type { DiffReport, ReportedEntry, ReportedService } from './schema.ts';
import { wayWords } from './words.ts';

/** One finding in words, of all the addresses that it is the same for. */
export interface DiffLine {
  readonly words: string;
  readonly grave: boolean;
  /** Endpoints that come and go, signed. */
  readonly endpoints: readonly string[];
}

/** What of a service differs: `NodePort 30080/TCP: 2 -> 3 endpoints, 1/2 -> 1/3 each`. */
export function serviceLines({ entries }: ReportedService): readonly DiffLine[] {
  const lines = entries.flatMap(entryFindings);
  const byFinding = Map.groupBy(lines, ({ finding, endpoints }) => [finding, ...endpoints].join('\n'));
  return [...byFinding.values()].flatMap((alike) => {
    const [first] = alike;
    if (first === undefined) return [];
    const names = alike.map(({ name }) => name).join(', ');
    return [{ words: `${names}: ${first.finding}`, grave: first.grave, endpoints: first.endpoints }];
  });
}

/** `web/shop`, and whether it is in one state only. */
export function serviceHead({ service, state }: ReportedService): string {
  const name = service === '' ? 'of services that the rules do not name' : service;
  return state === 'changed' ? name : `${name}: service ${state}`;
}

export function closingLine({ same, node, services, rules }: DiffReport): string {
  const isRewritten = rules !== null && rules.length > 0;
  if (same) return isRewritten ? 'The rules differ, and mean the same.' : 'No difference.';
  const counts = (['changed', 'added', 'removed'] as const).flatMap((state) => {
    const count = services.filter((service) => service.state === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  const all = node.length === 0 ? counts : ['the node itself', ...counts];
  return `${services.length === 1 ? '1 service differs' : `${services.length} services differ`}: ${all.join(', ')}.`;
}

interface Finding {
  readonly name: string;
  readonly finding: string;
  readonly grave: boolean;
  readonly endpoints: readonly string[];
}

function entryFindings({ name, state, changes, before, after }: ReportedEntry): readonly Finding[] {
  if (state === 'changed') {
    return changes.map(({ kind, who, words, grave }) => ({
      name,
      finding: words,
      grave,
      endpoints: kind === 'endpoints' && who !== null ? endpointSigns(before, after, who) : [],
    }));
  }
  const meaning = after ?? before;
  if (meaning === null) return [];
  const main = meaning.ways[meaning.kind === 'clusterIP' ? 'pod' : 'outside'];
  return [{ name, finding: `${state} (${wayWords(main)})`, grave: state === 'removed', endpoints: [] }];
}

type Meaning = ReportedEntry['before'];

/** More are counted. */
const MOST_ENDPOINTS = 8;

function endpointSigns(
  before: Meaning,
  after: Meaning,
  who: 'outside' | 'pod' | 'node' | 'stranger',
): readonly string[] {
  const [old, now] = [addressesOf(before, who), addressesOf(after, who)];
  const signs = [
    ...[...now].filter((to) => !old.has(to)).map((to) => `+ ${to}`),
    ...[...old].filter((to) => !now.has(to)).map((to) => `- ${to}`),
  ];
  const left = signs.length - MOST_ENDPOINTS;
  return left > 0 ? [...signs.slice(0, MOST_ENDPOINTS), `and ${left} more`] : signs;
}

function addressesOf(meaning: Meaning, who: keyof NonNullable<Meaning>['ways']): ReadonlySet<string> {
  return new Set(meaning?.ways[who]?.endpoints.map(({ to }) => to));
}
