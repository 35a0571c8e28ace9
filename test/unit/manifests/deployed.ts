import { fileURLToPath } from 'node:url';
import type { V1ConfigMap, V1Container, V1DaemonSet, V1PodSpec } from '@kubernetes/client-node';
import { kustomize, only, type KubernetesObject } from './kustomize.ts';

export const MANIFESTS = fileURLToPath(new URL('../../../manifests', import.meta.url));

/** The client's models are classes; what is parsed has their fields, no more. */
type Plain<Model> = Model extends object ? { readonly [Field in keyof Model]: Plain<Model[Field]> } : Model;

export type DaemonSet = Plain<V1DaemonSet>;
export type PodSpec = Plain<V1PodSpec>;
export type Container = Plain<V1Container>;

/** Every kustomization that can be applied, and the base that they have in common. */
export const KUSTOMIZATIONS = ['base', 'overlays/kubeadm', 'overlays/kubeadm-by-node'] as const;

export type KustomizationName = (typeof KUSTOMIZATIONS)[number];

/** What of a kustomization's DaemonSet the tests look at. */
export interface Deployed {
  readonly objects: readonly KubernetesObject[];
  readonly daemonSet: DaemonSet;
  readonly pod: PodSpec;
  /** Runs once, before the other one. */
  readonly prepareNode: Container;
  readonly chainwright: Container;
}

export function deployed(name: KustomizationName): Deployed {
  const objects = kustomize(`${MANIFESTS}/${name}`);
  const daemonSet = only(objects, 'DaemonSet') as unknown as DaemonSet;
  const pod = daemonSet.spec?.template.spec;
  const [prepareNode, ...moreToPrepare] = pod?.initContainers ?? [];
  const [chainwright, ...more] = pod?.containers ?? [];
  if (pod === undefined || prepareNode === undefined || chainwright === undefined) {
    throw new Error(`${name}: expected two containers`);
  }
  if (moreToPrepare.length + more.length > 0)
    throw new Error(`${name}: expected no more than two containers`);
  return { objects, daemonSet, pod, prepareNode, chainwright };
}

/** The text of a file in the base's ConfigMap. */
export function configured(file: 'config.conf' | 'kubeconfig.conf'): string {
  const { data = {} } = only(deployed('base').objects, 'ConfigMap') as unknown as V1ConfigMap;
  return data[file] ?? '';
}
