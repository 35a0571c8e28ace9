import type { ApiObject } from '../../api/fake-store.ts';
import { pickFrom, type Random } from '../../support/crowd.ts';
import { chance, drawn } from './random.ts';
import type { ApiFamily, Key, ServicePlan } from './services.ts';

/* EndpointSlices as an API server has them. */

export const NODE_NAME = 'node-a';

/** Each part has addresses of its own, and some that an endpoint on its way out shares with the other part. */
export const PARTS = ['a', 'b'] as const;
export type Part = (typeof PARTS)[number];

export interface SlicePlan {
  readonly part: Part;
  readonly family: ApiFamily | 'FQDN';
  readonly ports: readonly object[];
  readonly endpoints: readonly EndpointPlan[];
  readonly isHeadless: boolean;
}

interface EndpointPlan extends State {
  readonly addresses: readonly string[];
  /** The other part may have it as well. */
  readonly isShared: boolean;
}

/** Conditions that are not set mean something too. */
interface State {
  readonly conditions: Readonly<Record<string, boolean>>;
  readonly nodeName: string | undefined;
  readonly hints: object | undefined;
}

/** Makes the slice of a service anew; most of its ports fit the service as it is now. */
export function randomSlice(
  service: ServicePlan | undefined,
  part: Part,
  family: SlicePlan['family'],
  random: Random,
): SlicePlan {
  return {
    part,
    family,
    ports: randomPorts(service, random),
    endpoints: randomEndpoints(part, family, random),
    isHeadless: service?.type === 'Headless' ? chance(random, 0.7) : chance(random, 0.02),
  };
}

/** Another in one regard: some of its endpoints, its ports, or its label. */
export function changedSlice(plan: SlicePlan, service: ServicePlan | undefined, random: Random): SlicePlan {
  const other = randomSlice(service, plan.part, plan.family, random);
  const field = pickFrom(['endpoints', 'endpoints', 'someEndpoints', 'ports', 'isHeadless'] as const, random);
  if (field !== 'someEndpoints') return { ...plan, [field]: other[field] };
  const endpoints = plan.endpoints.map((endpoint) =>
    chance(random, 0.5) ? { ...endpoint, ...randomState(random) } : endpoint,
  );
  return { ...plan, endpoints };
}

function randomPorts(service: ServicePlan | undefined, random: Random): readonly object[] {
  const fitting = (service?.ports ?? []).filter(() => chance(random, 0.9));
  const stray = chance(random, 0.1) ? [{ name: 'stray', protocol: 'TCP' as const }] : [];
  return [...fitting, ...stray].map(({ name, protocol }) => ({
    name,
    protocol,
    // Without a number it stands for all ports, which no rule can say.
    ...(chance(random, 0.03) ? {} : { port: pickFrom([8053, 8080, 8443], random) }),
  }));
}

function randomEndpoints(part: Part, family: SlicePlan['family'], random: Random): readonly EndpointPlan[] {
  const own = drawn([1, 2, 3, 4, 5, 6, 10, 12], random, 5).map((last) => ({
    addresses: [addressOf(family, part, last), ...(chance(random, 0.1) ? [addressOf(family, part, 99)] : [])],
    isShared: false,
    ...randomState(random),
  }));
  const shared = drawn([1, 2], random, 1).map((last) => ({
    addresses: [addressOf(family, 'shared', last)],
    isShared: true,
    ...randomState(random),
  }));
  return [...own, ...shared];
}

function addressOf(family: SlicePlan['family'], part: Part | 'shared', last: number): string {
  if (family === 'FQDN') return `pod-${last}.example`;
  const third = { a: 1, b: 2, shared: 3 }[part];
  if (family === 'IPv4') return `10.244.${third}.${last}`;
  // Written at length now and then, as an API server before 1.33 lets it in.
  return last === 4 ? `FD00:244:0:${third}::0${last}` : `fd00:244:0:${third}::${last.toString(16)}`;
}

function randomState(random: Random): State {
  const ready = chance(random, 0.7);
  const terminating = !ready && chance(random, 0.6);
  const serving = ready || (terminating ? chance(random, 0.6) : chance(random, 0.1));
  const conditions = pickFrom(
    [{ ready, serving, terminating }, { ready, serving, terminating }, { ready }, { ready, serving }, {}],
    random,
  );
  const nodeName = chance(random, 0.1) ? undefined : pickFrom([NODE_NAME, 'node-b'], random);
  return { conditions, nodeName, hints: randomHints(random) };
}

function randomHints(random: Random): object | undefined {
  if (chance(random, 0.3)) return undefined;
  const named = (names: readonly string[]) => names.map((name) => ({ name }));
  const zones = named(pickFrom([['zone-1'], ['zone-1'], ['zone-2'], ['zone-1', 'zone-2']], random));
  const nodes = named(pickFrom([[NODE_NAME], ['node-b'], [NODE_NAME, 'node-b']], random));
  return pickFrom<object>(
    [{ forZones: zones }, { forZones: zones }, { forZones: zones, forNodes: nodes }, {}],
    random,
  );
}

export function sliceKey(service: Key, { part, family }: Pick<SlicePlan, 'part' | 'family'>): Key {
  return `${service}-${part}-${family.toLowerCase()}` as Key;
}

export function sliceObject(service: Key, plan: SlicePlan, key: Key): ApiObject {
  const [namespace = '', name = ''] = key.split('/');
  const [, serviceName = ''] = service.split('/');
  return {
    metadata: {
      name,
      namespace,
      labels: {
        'kubernetes.io/service-name': serviceName,
        ...(plan.isHeadless ? { 'service.kubernetes.io/headless': '' } : {}),
      },
    },
    addressType: plan.family,
    endpoints: plan.endpoints.map((endpoint) => endpointObject(plan, endpoint)),
    ports: plan.ports,
  };
}

/**
 * Of two slices with the same endpoint kube-proxy lets chance decide, unless just one of them says that it
 * goes: then the other one counts. So such endpoints always go in the one part and never in the other.
 */
function endpointObject({ part }: SlicePlan, { addresses, isShared, ...state }: EndpointPlan): object {
  const conditions = isShared ? { ...state.conditions, terminating: part === 'b' } : state.conditions;
  return { addresses, ...state, conditions };
}
