import { rulesetOf, type Layout } from '../../src/chains/layout.ts';
import type { Change } from '../../src/cluster/source.ts';
import { readConfig } from '../../src/config/load.ts';
import { backendOf, type Backend, type BackendKind, type ToolLimits } from '../../src/iptables/backend.ts';
import { canonicalRules } from '../../src/inspect/canonical.ts';
import { restoreLines } from '../../src/iptables/restore-text.ts';
import type { Service } from '../../src/model/objects.ts';
import type { Address } from '../../src/net/address.ts';
import { familySync, type FamilySync, type FamilySyncOptions } from '../../src/reconciler/family-sync.ts';
import type { SyncReport } from '../../src/reconciler/observer.ts';
import { clusterStore, type ClusterStore } from '../../src/reconciler/store.ts';
import { nodeView } from '../../src/routing/node-view.ts';
import { clusterRoutes } from '../../src/routing/routes.ts';
import { CAPTURE_HOST, CLASSIC } from '../support/cases.ts';
import { plainService, plainSlice, readyEndpoint } from '../support/plain-objects.ts';
import type { Namespace } from './namespace.ts';

const { settings } = readConfig({ flags: { 'cluster-cidr': ['10.244.0.0/16'] } });

/** A ClusterIP service on port 80. */
export function service(name: string, last: number, fields: Partial<Service> = {}): readonly Change[] {
  const object = plainService({
    namespace: 'web',
    name,
    clusterIPs: [`10.96.0.${last}` as Address],
    ports: [{ name: '', protocol: 'tcp', port: 80, nodePort: undefined }],
    ...fields,
  });
  return [{ kind: 'service', key: `web/${name}`, object }];
}

/** The slice of a service, of endpoints on this node. */
export function endpoints(name: string, ...lasts: readonly number[]): readonly Change[] {
  return [
    {
      kind: 'slice',
      key: `web/${name}-a`,
      object: plainSlice({
        namespace: 'web',
        serviceName: name,
        ports: [{ name: '', protocol: 'tcp', port: 8080 }],
        endpoints: lasts.map((last) =>
          readyEndpoint({ address: `10.244.1.${last}` as Address, nodeName: 'node-a' }),
        ),
      }),
    },
  ];
}

/** A family's sync against the rules of a namespace. */
export interface Stage {
  readonly backend: Backend;
  readonly store: ClusterStore;
  readonly sync: FamilySync;
  readonly reports: readonly SyncReport[];
  readonly isolated: () => readonly string[];
  /** Takes changes and syncs them. */
  readonly take: (...changes: readonly (readonly Change[])[]) => Promise<void>;
  /** What the kernel should hold, in canonical form. */
  readonly wanted: () => string;
}

export interface StageTiming extends Pick<FamilySyncOptions, 'verification' | 'hand'> {
  readonly limits?: ToolLimits;
  /** Seconds. */
  readonly clock?: () => number;
}

export function stage(
  namespace: Namespace,
  kind: BackendKind,
  layout: () => Layout = () => CLASSIC,
  { limits, clock = () => 0, ...more }: StageTiming = {},
): Stage {
  const plain = backendOf(kind, 'ipv4', namespace.via);
  const backend = limits === undefined ? plain : { ...plain, limits };
  const store = clusterStore('node-a');
  const reports: SyncReport[] = [];
  let isolated: readonly string[] = [];
  const view = () => nodeView('ipv4', settings, { name: 'node-a', node: store.node() }, CAPTURE_HOST);
  const sync = familySync({
    backend,
    store,
    view,
    layout,
    ...more,
    clock,
    observer: {
      onSynced: (report) => reports.push(report),
      onFailed: () => undefined,
      onIsolated: (_, services) => (isolated = [...services.keys()]),
    },
  });
  const cluster = () => ({
    services: [...store.services.values()],
    slices: [...store.services.keys()].flatMap((key) => store.slicesOf(key)),
    nodes: [],
  });
  return {
    backend,
    store,
    sync,
    reports,
    isolated: () => isolated,
    take: async (...changes) => {
      sync.touch(store.take(changes.flat()).services);
      await sync.sync();
    },
    wanted: () =>
      canonicalRules(
        [...restoreLines(rulesetOf(layout(), clusterRoutes(cluster(), view()), view()))].join('\n'),
      ),
  };
}
