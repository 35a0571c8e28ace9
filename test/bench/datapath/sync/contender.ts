import type { LayoutName } from '../../../../src/chains/layout-choice.ts';
import { classicRuleset } from '../../../../src/chains/ruleset.ts';
import type { Change } from '../../../../src/cluster/source.ts';
import { applyRuleset } from '../../../../src/iptables/applier.ts';
import { backendOf, type Backend, type BackendKind } from '../../../../src/iptables/backend.ts';
import { chunks } from '../../../../src/iptables/restore-text.ts';
import { runTool, type Command } from '../../../../src/iptables/tool.ts';
import { familySync } from '../../../../src/reconciler/family-sync.ts';
import { clusterStore } from '../../../../src/reconciler/store.ts';
import { clusterRoutes } from '../../../../src/routing/routes.ts';
import { command } from '../../own-node.ts';
import { benchView } from '../cluster.ts';
import { inside } from '../network.ts';
import { kubeProxyText } from './kube-proxy-text.ts';
import { meter, type Usage } from './usage.ts';

/** A way to bring changes into the kernel, in a namespace of its own. */
export interface Contender {
  readonly label: string;
  readonly backend: BackendKind;
  /** Brings changes into the kernel. */
  readonly take: (changes: readonly Change[]) => Promise<SyncCost>;
}

/** What one sync took. */
export interface SyncCost extends Usage {
  /** Milliseconds of all of it: making the rules, reading the kernel where it has to, and writing. */
  readonly all: number;
}

/** How the changes become restore input: by a layout of ours, or as kube-proxy writes it. */
export type Way = LayoutName | 'kube-proxy';

export const WAYS: readonly Way[] = ['kube-proxy', 'classic', 'indexed'];

/** @param easyStart loads what is there at the start in our way, whatever the way is afterwards */
export function makeContender(way: Way, kind: BackendKind, easyStart: boolean): Contender {
  const label = `${way}-${kind}`;
  command('ip', 'netns', 'add', label);
  const { via, read } = meter(`/run/usage-${label}`, inside(label));
  const backend = backendOf(kind, 'ipv4', via);
  const take = way === 'kube-proxy' ? asKubeProxy(backend, easyStart) : byLayout(way, backend);
  return {
    label,
    backend: kind,
    async take(changes) {
      const start = performance.now();
      await take(changes);
      return { all: performance.now() - start, ...read() };
    },
  };
}

type Take = (changes: readonly Change[]) => Promise<void>;

/** Milliseconds. */
const LONGEST = 1_200_000;
const VIEW = benchView('ipv4');

function byLayout(name: LayoutName, backend: Backend): Take {
  const store = clusterStore(VIEW.name);
  const sync = familySync({
    backend,
    store,
    view: () => VIEW,
    layout: () => ({ name, comments: 'auto' }),
    clock: () => 0,
    observer: {
      onSynced: () => undefined,
      // What fails is thrown where it counts; a delta that fails would be followed by a full sync.
      onFailed: (_family, _kind, error) => {
        throw error;
      },
      onIsolated: (_family, services) => {
        if (services.size > 0)
          throw new Error(`the kernel refuses rules of ${[...services.keys()].join(', ')}`);
      },
    },
  });
  return async (changes) => {
    sync.touch(store.take(changes).services);
    await sync.sync();
  };
}

/** kube-proxy's text without its program: what its input costs the tools and the kernel. */
function asKubeProxy(backend: Backend, easyStart: boolean): Take {
  const store = clusterStore(VIEW.name);
  const command: Command = [...backend.restore, '--noflush', '--counters', '-w', '5'];
  let isEmpty = true;
  return async (changes) => {
    const { services } = store.take(changes);
    const slices = [...store.services.keys()].flatMap((key) => store.slicesOf(key));
    const routes = clusterRoutes({ services: [...store.services.values()], slices, nodes: [] }, VIEW);
    const ruleset = classicRuleset(routes, VIEW, 'auto');
    const isFirst = isEmpty;
    isEmpty = false;
    if (isFirst && easyStart) {
      await applyRuleset(ruleset, backend);
      return;
    }
    const input = [...chunks(kubeProxyText(ruleset, isFirst ? 'all' : services))];
    await runTool(command, { input, timeout: LONGEST });
  };
}
