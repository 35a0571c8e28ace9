import type { Claim } from '../inspect/check/claims.ts';
import type { Cluster, Protocol, Service } from '../model/objects.ts';
import { serviceKey } from '../routing/routes.ts';
import { nearServices } from '../text/near.ts';
import { askerFor, fits, type From } from './askers.ts';
import { ipModeCause, notServed } from './causes/address.ts';
import { claimsFor, type Destination } from './destination.ts';
import { entriesOfRoute, type Entry } from './entries.ts';
import { entriesOfRules, servicesInRules } from './entries-of-rules.ts';
import { cause, note, type Finding } from './finding.ts';
import { familyName, listed } from './listing.ts';
import type { ExplainReport, WayEntry } from './schema.ts';
import type { Situation } from './situation.ts';
import { tripTo } from './trips.ts';
import { wayOf } from './way.ts';
import { isOurChain, type Verdict } from './verdict.ts';

/** What is asked. */
export type Question =
  /** `namespace/name`, `name`, either with `:port`. */
  | { readonly kind: 'service'; readonly name: string; readonly protocol: Protocol | undefined }
  | { readonly kind: 'destination'; readonly destination: Destination };

export interface Explained {
  readonly ways: readonly WayEntry[];
  /** Where there are no ways: why. */
  readonly findings: readonly Finding[];
}

/** @param situations a family each */
export function explain(question: Question, from: From, situations: readonly Situation[]): Explained {
  if (situations.length === 0)
    return without(
      cause(
        'proxyNotRunning',
        'there are no rules of this family',
        'look whether the dump is of the other one',
      ),
    );
  if (question.kind === 'destination') {
    const ways = situations.map((situation) => explainDestination(question.destination, from, situation));
    return { ways, findings: [] };
  }
  const [cluster] = situations.flatMap(({ wanted }) => wanted?.cluster ?? []);
  return cluster === undefined
    ? inRules(question.name, question.protocol, from, situations)
    : inCluster(question.name, question.protocol, from, situations, cluster);
}

function explainDestination(destination: Destination, from: From, situation: Situation): WayEntry {
  const [claim] = claimsFor(destination, situation) as readonly (Claim | undefined)[];
  const asker = askerFor(from, claim?.kind, destination, situation);
  return wayOf(tripTo(destination, asker, situation), undefined);
}

function inCluster(
  name: string,
  protocol: Protocol | undefined,
  from: From,
  situations: readonly Situation[],
  cluster: Cluster,
): Explained {
  const [asked = '', port] = partsOf(name);
  const found = cluster.services.filter((service) => serviceKey(service) === asked || service.name === asked);
  const [service] = found;
  if (service === undefined) return without(noSuchService(asked, cluster.services.map(serviceKey)));
  const unserved = notServed(service);
  if (unserved !== undefined) return without(unserved);
  const entries = situations.flatMap((situation) =>
    routesOf(situation, found)
      .filter(
        (route) => port === undefined || route.label.endsWith(`:${port}`) || String(route.port) === port,
      )
      .filter((route) => protocol === undefined || route.protocol === protocol)
      .flatMap((route) => entriesOfRoute(route, situation.view, [...situation.facts.localAddresses]))
      .map((entry) => ({ entry, situation })),
  );
  if (entries.length > 0) return waysTo(entries, from, found.flatMap(leftToLoadBalancer));
  return without(noEntry(service, port, situations));
}

function leftToLoadBalancer(service: Service): readonly Finding[] {
  return (service.proxiedLoadBalancerIPs ?? []).map((address) => {
    const { code, text, remedy } = ipModeCause(service, address);
    return note(code, text, remedy);
  });
}

function routesOf({ wanted }: Situation, services: readonly Service[]) {
  const keys = new Set(services.map(serviceKey));
  return (wanted?.routes ?? []).filter(({ namespace, service }) => keys.has(`${namespace}/${service}`));
}

function noEntry(service: Service, port: string | undefined, situations: readonly Situation[]): Finding {
  const key = serviceKey(service);
  if (port !== undefined) {
    const ports = service.ports.map(({ name, port: number }) =>
      name === '' ? String(number) : `${name} (${number})`,
    );
    return cause(
      'noSuchPort',
      `${key} has no such port as ${port}: its ports are ${listed(ports)}`,
      'name one of these',
    );
  }
  const families = situations.map(({ view }) => view.family);
  if (!service.families.some((family) => families.includes(family))) {
    const text = `${key} is of ${listed(service.families.map(familyName))} alone`;
    return cause(
      'wrongFamily',
      text,
      'ask for the other family, or set spec.ipFamilyPolicy: PreferDualStack',
    );
  }
  return cause(
    'addressPending',
    `${key} has no address yet`,
    'the API server gives one: explain the Service as it returns it (kubectl get -o yaml)',
  );
}

function inRules(
  name: string,
  protocol: Protocol | undefined,
  from: From,
  situations: readonly Situation[],
): Explained {
  const ways = situations.flatMap((situation) => {
    const { program, view } = situation;
    const asked = fullName(name, program);
    return entriesOfRules(program, asked, view.address)
      .filter((entry) => protocol === undefined || entry.protocol === protocol)
      .map((entry) => ({ entry, situation }));
  });
  if (ways.length > 0) return waysTo(ways, from, []);
  const isProgrammed = situations.some(({ program }) =>
    [...(program.tables.get('nat')?.chains.keys() ?? [])].some(isOurChain),
  );
  if (!isProgrammed)
    return without(
      cause(
        'proxyNotRunning',
        'there are no rules of a service proxy at all',
        'look whether a service proxy runs on that node, and in which mode',
      ),
    );
  return without(
    noSuchService(
      name,
      situations.flatMap(({ program }) => servicesInRules(program)),
      'the rules know',
    ),
  );
}

/** A bare name is the one service that ends so. */
function fullName(name: string, program: Situation['program']): string {
  if (name.includes('/')) return name;
  const [bare = '', port] = partsOf(name);
  const [known] = servicesInRules(program).filter((each) => each.endsWith(`/${bare}`));
  return `${known ?? `default/${bare}`}${port === undefined ? '' : `:${port}`}`;
}

function waysTo(
  entries: readonly { readonly entry: Entry; readonly situation: Situation }[],
  from: From,
  findings: readonly Finding[],
): Explained {
  const ways = entries.flatMap(({ entry, situation }) => {
    const asker = askerFor(from, entry.kind, entry, situation);
    return fits(asker, entry.address) ? [wayOf(tripTo(entry, asker, situation), entry)] : [];
  });
  if (ways.length > 0) return { ways, findings };
  const text = 'the service has no address of the family of who asks';
  return without(cause('wrongFamily', text, 'ask from an address of the other family'));
}

function partsOf(name: string): readonly string[] {
  const colon = name.indexOf(':');
  return colon < 0 ? [name] : [name.slice(0, colon), name.slice(colon + 1)];
}

function noSuchService(asked: string, known: readonly string[], who = 'there'): Finding {
  const near = nearServices(asked, known);
  const is = who === 'there' ? 'there is no service' : `${who} no service`;
  const hint = near.length === 0 ? '' : `; ${listed(near)} ${near.length === 1 ? 'is' : 'are'} known`;
  return cause('noSuchService', `${is} ${asked}${hint}`, 'kubectl get services -A');
}

function without(finding: Finding): Explained {
  return { ways: [], findings: [finding] };
}

const WORST_FIRST: readonly Verdict[] = ['blocked', 'unknown', 'partly', 'through'];

/** Blocked where there is no way at all. */
export function verdictOfAll({ ways }: Pick<ExplainReport, 'ways'>): Verdict {
  return WORST_FIRST.find((verdict) => ways.some((way) => way.verdict === verdict)) ?? 'blocked';
}
