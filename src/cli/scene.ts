import { commandFlags, type FlagValues } from '../config/flags.ts';
import { readConfig } from '../config/load.ts';
import { readConfigFile } from '../config/read-file.ts';
import { chooseNode } from '../cluster/identity.ts';
import { readManifests } from '../cluster/manifests.ts';
import { readManifestFiles } from '../cluster/read-files.ts';
import { InputError } from '../problems/problem.ts';
import type { Address } from '../net/address.ts';
import type { Host, NodeIdentity } from '../routing/node-view.ts';
import type { Scene } from '../routing/scene.ts';

export interface SceneOptions {
  /** Manifests: files, directories, or `-` for standard input. */
  readonly filename: readonly string[];
  /** kube-proxy's flags, --config among them. */
  readonly flags: FlagValues;
}

/** A cluster and the settings in force, before anybody has said which node is meant. */
export type ClusterScene = Omit<Scene, 'identity'>;

/** @throws InputError with everything that is wrong with what was read */
export async function loadScene(options: SceneOptions): Promise<Scene> {
  const { cluster, settings, warnings } = await loadCluster(options);
  const { identity, warnings: ofNode } = chooseNode(cluster, settings);
  return { cluster, settings, identity, warnings: [...warnings, ...ofNode] };
}

/** @throws InputError with everything that is wrong with what was read */
export async function loadCluster({ filename, flags }: SceneOptions): Promise<ClusterScene> {
  if (filename.length === 0) {
    const message = 'expected at least one file or directory of manifests, or - for standard input';
    throw new InputError([{ where: '--filename', path: '', message }]);
  }
  const { config } = commandFlags(flags);
  const file = config === undefined ? {} : { file: await readConfigFile(config) };
  const { settings, warnings: ofConfig } = readConfig({ ...file, flags });
  const { cluster, warnings: ofManifests } = readManifests(await readManifestFiles(filename));
  return { cluster, settings, warnings: [...ofConfig, ...ofManifests] };
}

/** The machine of a dry run: the manifests may be of another node, so that this one is not looked at. */
export function dryHost({ node }: NodeIdentity): Host {
  const loopback = ['127.0.0.1', '::1'] as readonly string[] as readonly Address[];
  return { interfaceAddresses: [...loopback, ...(node?.addresses ?? [])], conntrackLiberal: false };
}
