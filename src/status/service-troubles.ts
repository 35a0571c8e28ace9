import { withoutEndpoints, withoutLocalEndpoint } from '../explain/causes/endpoints.ts';
import type { Finding } from '../explain/finding.ts';
import type { EntryKind } from '../inspect/check/claims.ts';
import { turningAway } from '../inspect/check/promise.ts';
import type { Family } from '../net/address.ts';
import { describeTaken } from '../node/taken-node-ports.ts';
import type { NodeView } from '../routing/node-view.ts';
import { isExternallyAccessible, type Route } from '../routing/route.ts';
import type { FamilyFacts, StatusFacts } from './facts.ts';
import type { ServiceTrouble } from './schema.ts';

/** Something that is wrong with a service, in one family; the words are only made for those that are told. */
interface Suspect {
  readonly rank: number;
  readonly service: string;
  readonly family: Family;
  readonly severity: ServiceTrouble['severity'];
  /** What is wrong, so far as families are alike in it. */
  readonly what: string;
  readonly words: () => Pick<ServiceTrouble, 'code' | 'text' | 'remedy'>;
}

/** The worst come first: what keeps rules from being what they should be, before what the cluster lacks. */
const RANKS = {
  unproven: 0,
  refused: 1,
  taken: 2,
  closed: 3,
  unanswered: 4,
  perhapsTaken: 5,
  elsewhere: 6,
} as const;

/** @param limit how many to tell; all are counted */
export function serviceTroubles(
  facts: StatusFacts,
  limit: number,
): { readonly troubles: readonly ServiceTrouble[]; readonly total: number } {
  const suspects = [
    ...facts.families.flatMap((family) => [
      ...unproven(family),
      ...refusedByKernel(family),
      ...closedPorts(family),
      ...family.routes.flatMap((route) => unanswered(route, family.view, facts)),
    ]),
    ...takenPorts(facts),
  ];
  const groups = [...Map.groupBy(suspects, ({ service, what }) => `${service} ${what}`).values()];
  const ordered = groups
    .flatMap(([first, ...others]) => (first === undefined ? [] : [{ first, others }]))
    .sort((a, b) => a.first.rank - b.first.rank || compare(a.first.service, b.first.service));
  return {
    total: ordered.length,
    troubles: ordered.slice(0, limit).map(({ first, others }) => ({
      service: first.service,
      families: [...new Set([first, ...others].map(({ family }) => family))],
      severity: first.severity,
      ...first.words(),
    })),
  };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function unproven({ view: { family }, record }: FamilyFacts): readonly Suspect[] {
  return [...record.unproven].map(([service, { message }]) => ({
    rank: RANKS.unproven,
    service,
    family,
    severity: 'trouble',
    what: 'unproven',
    words: () => ({
      code: 'unproven',
      text: `its new rules would be wrong, and are not written; those that it had before stay: ${message}`,
      remedy: 'report this mistake of chainwright; run --verify off writes the rules all the same',
    }),
  }));
}

function refusedByKernel({ view: { family }, record }: FamilyFacts): readonly Suspect[] {
  return [...record.isolated].map(([service, { message }]) => ({
    rank: RANKS.refused,
    service,
    family,
    severity: 'trouble',
    what: 'refused',
    words: () => ({
      code: 'refusedByKernel',
      text: `the kernel refuses its rules; those that it had before stay: ${message}`,
      remedy: 'see which of its fields the named rule comes from',
    }),
  }));
}

function closedPorts({ view: { family }, closedPorts: closed }: FamilyFacts): readonly Suspect[] {
  return closed.map(({ service, message }) => ({
    rank: RANKS.closed,
    service,
    family,
    severity: 'trouble',
    what: 'closed',
    words: () => ({
      code: 'healthCheckPort',
      text: `its health-check node port cannot be opened: ${message}`,
      remedy: 'stop the process that has the port, or give the service another one',
    }),
  }));
}

/** Node ports are looked at now and then: a service may have gone since. */
function takenPorts({ takenNodePorts, families }: StatusFacts): readonly Suspect[] {
  if (takenNodePorts.length === 0) return [];
  const keyOf = (label: string, family: Family, port: number | undefined): string =>
    `${label} ${family} ${port ?? ''}`;
  const current = new Set(
    families.flatMap(({ routes }) => routes.map((route) => keyOf(route.label, route.family, route.nodePort))),
  );
  return takenNodePorts
    .filter(({ service, family, port }) => current.has(keyOf(service, family, port)))
    .map((taken) => {
      const isSure = taken.certainty === 'sure';
      const text = describeTaken(taken);
      return {
        rank: isSure ? RANKS.taken : RANKS.perhapsTaken,
        service: taken.service,
        family: taken.family,
        severity: isSure ? 'trouble' : 'note',
        what: text,
        words: () => ({
          code: 'portTaken',
          text,
          remedy: 'let the process listen elsewhere, or give the service another node port',
        }),
      };
    });
}

/**
 * A service port that turns its clients away. Policy Local for what comes from outside is a note alone: load
 * balancers look for nodes that have an endpoint.
 */
function unanswered(route: Route, view: NodeView, facts: StatusFacts): readonly Suspect[] {
  const kinds: readonly EntryKind[] = [
    ...(route.clusterIP === undefined ? [] : (['clusterIP'] as const)),
    ...(isExternallyAccessible(route) ? [externalKind(route)] : []),
  ];
  const away = kinds.map((kind) => ({ kind, how: turningAway(route, kind) }));
  const worst =
    away.find(({ how }) => how === 'refused') ??
    away.find(({ kind, how }) => how === 'dropped' && kind === 'clusterIP') ??
    away.find(({ how }) => how === 'dropped');
  if (worst === undefined) return [];
  const { kind, how } = worst;
  const isNote = how === 'dropped' && kind !== 'clusterIP';
  return [
    {
      rank: isNote ? RANKS.elsewhere : RANKS.unanswered,
      service: route.label,
      family: view.family,
      severity: isNote ? 'note' : 'trouble',
      what: `${kind} ${how ?? ''}`,
      words: () => reason(route, kind, view, facts),
    },
  ];
}

function externalKind({ nodePort, externalIPs }: Route): EntryKind {
  if (nodePort !== undefined) return 'nodePort';
  return externalIPs.length > 0 ? 'externalIP' : 'loadBalancerIP';
}

function reason(
  route: Route,
  kind: EntryKind,
  view: NodeView,
  { store }: StatusFacts,
): Pick<Finding, 'code' | 'text' | 'remedy'> {
  const key = `${route.namespace}/${route.service}`;
  const service = store.services.get(key);
  const cluster = {
    services: service === undefined ? [] : [service],
    slices: store.slicesOf(key),
    nodes: [],
  };
  const asked = { situation: { wanted: { cluster }, view }, claims: [{ kind, route }] };
  const [found] = [...withoutEndpoints(asked), ...withoutLocalEndpoint(asked)];
  if (found !== undefined) return { code: found.code, text: found.text, remedy: found.remedy };
  // The service went meanwhile, and its rules are about to.
  return { code: 'noEndpoints', text: `${route.label} has no endpoint to send to`, remedy: null };
}
