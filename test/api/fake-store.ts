/* What a fake API server knows: objects, their versions, and what happened since. */

export interface ApiObject {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export type Plural = 'services' | 'endpointslices' | 'nodes';

export interface Kind {
  readonly kind: string;
  readonly apiVersion: string;
  readonly path: string;
  /** What stands beside the metadata of a bookmark: Go's zero values. */
  readonly empty: Readonly<Record<string, unknown>>;
}

const NODE_INFO = [
  ...['machineID', 'systemUUID', 'bootID', 'kernelVersion', 'osImage', 'containerRuntimeVersion'],
  ...['kubeletVersion', 'kubeProxyVersion', 'operatingSystem', 'architecture'],
];

export const KINDS: Readonly<Record<Plural, Kind>> = {
  services: {
    kind: 'Service',
    apiVersion: 'v1',
    path: '/api/v1/services',
    empty: { spec: {}, status: { loadBalancer: {} } },
  },
  endpointslices: {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    path: '/apis/discovery.k8s.io/v1/endpointslices',
    empty: { addressType: '', endpoints: null, ports: null },
  },
  nodes: {
    kind: 'Node',
    apiVersion: 'v1',
    path: '/api/v1/nodes',
    empty: {
      spec: {},
      status: {
        daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
        nodeInfo: Object.fromEntries(NODE_INFO.map((field) => [field, ''])),
      },
    },
  },
};

export const PLURALS = Object.keys(KINDS) as readonly Plural[];

export interface Happening {
  readonly plural: Plural;
  readonly version: number;
  readonly before: ApiObject | undefined;
  readonly after: ApiObject | undefined;
}

export interface Selectors {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface Store {
  readonly version: () => number;
  /** The oldest version from which a watch may begin. */
  readonly oldest: () => number;
  readonly apply: (plural: Plural, object: ApiObject, version?: number) => Happening;
  readonly remove: (plural: Plural, key: string, version?: number) => Happening | undefined;
  readonly get: (plural: Plural, key: string) => ApiObject | undefined;
  /** Matching objects in the order of their keys. */
  readonly list: (plural: Plural, selectors: Selectors) => readonly ApiObject[];
  readonly since: (plural: Plural, version: number) => readonly Happening[];
  /** Forgets what happened. */
  readonly compact: () => void;
  /** Goes back to an older version, as a store restored from a backup; what it holds stays. */
  readonly turnBack: (version: number) => void;
}

export function makeStore(firstVersion = 1000): Store {
  const objects = new Map<Plural, Map<string, ApiObject>>(PLURALS.map((plural) => [plural, new Map()]));
  let happenings: Happening[] = [];
  let version = firstVersion;
  let oldest = firstVersion;

  const record = (happening: Happening): Happening => {
    version = happening.version;
    happenings.push(happening);
    return happening;
  };
  const ofKind = (plural: Plural) => objects.get(plural) ?? new Map<string, ApiObject>();

  return {
    version: () => version,
    oldest: () => oldest,
    apply: (plural, { metadata, ...rest }, at = version + 1) => {
      const before = ofKind(plural).get(keyOf(metadata));
      const { name, namespace, uid } = metadata;
      const others = without(metadata, ['name', 'namespace', 'uid', 'resourceVersion']);
      const after: ApiObject = {
        metadata: {
          name,
          ...(namespace === undefined ? {} : { namespace }),
          ...(uid === undefined ? {} : { uid }),
          resourceVersion: String(at),
          ...others,
        },
        ...without(rest, ['kind', 'apiVersion']),
      };
      ofKind(plural).set(keyOf(metadata), after);
      return record({ plural, version: at, before, after });
    },
    remove: (plural, key, at = version + 1) => {
      const before = ofKind(plural).get(key);
      if (before === undefined) return undefined;
      ofKind(plural).delete(key);
      return record({ plural, version: at, before, after: undefined });
    },
    get: (plural, key) => ofKind(plural).get(key),
    list: (plural, selectors) =>
      [...ofKind(plural)]
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([, object]) => object)
        .filter((object) => selects(selectors, object)),
    since: (plural, from) =>
      happenings.filter((happening) => happening.plural === plural && happening.version > from),
    compact: () => {
      oldest = version;
      happenings = [];
    },
    turnBack: (to) => {
      version = to;
      oldest = to;
      happenings = [];
    },
  };
}

export function keyOf({ namespace, name }: ApiObject['metadata']): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export function without(object: object, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([field]) => !fields.includes(field)));
}

/** `!label`, `field!=value` and `field=value`: what a service proxy asks for. */
function selects({ labelSelector, fieldSelector }: Selectors, object: ApiObject | undefined): boolean {
  if (object === undefined) return false;
  if (
    labelSelector?.startsWith('!') === true &&
    object.metadata.labels?.[labelSelector.slice(1)] !== undefined
  )
    return false;
  const [, path, operator, value] = /^([\w.]+)(!?=)(.*)$/.exec(fieldSelector ?? '') ?? [];
  if (path === undefined) return true;
  const found = path
    .split('.')
    .reduce<unknown>((parent, field) => (parent as Record<string, unknown> | undefined)?.[field], object);
  return (found === value) === (operator === '=');
}

/** The event that a watch with these selectors sees, or undefined where it sees none. */
export function eventOf(
  happening: Happening,
  selectors: Selectors,
): { type: string; object: ApiObject } | undefined {
  const before = selects(selectors, happening.before);
  const { after, plural, version } = happening;
  if (after !== undefined && selects(selectors, after)) {
    return { type: before ? 'MODIFIED' : 'ADDED', object: typed(plural, after) };
  }
  if (!before || happening.before === undefined) return undefined;
  const metadata = { ...happening.before.metadata, resourceVersion: String(version) };
  return { type: 'DELETED', object: typed(plural, { ...happening.before, metadata }) };
}

export function typed(plural: Plural, object: ApiObject): ApiObject {
  const { kind, apiVersion } = KINDS[plural];
  return { kind, apiVersion, ...object };
}

export function bookmarkOf(plural: Plural, version: number, initialEnd: boolean) {
  const { kind, apiVersion, empty } = KINDS[plural];
  const annotations = initialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
  const metadata = { resourceVersion: String(version), ...annotations };
  return { type: 'BOOKMARK', object: { kind, apiVersion, metadata, ...empty } };
}
