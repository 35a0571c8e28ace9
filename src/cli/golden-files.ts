import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayoutSettings } from '../chains/layout-choice.ts';
import { chooseNode } from '../cluster/identity.ts';
import { writingCommandWithin, type GoldenRequest } from '../golden/command-line.ts';
import { nodeKey } from '../golden/alike.ts';
import { readNamed, readRulesFiles } from '../golden/directory.ts';
import { ANY_NODE, nodesFile, type GoldenFile } from '../golden/file.ts';
import { rulesByNodes } from '../golden/files-of-nodes.ts';
import { CASE_CLUSTER, CASE_CONFIG, caseFolders, expectedName } from '../golden/rule-book.ts';
import { canonicalRules } from '../inspect/canonical.ts';
import { restoreLines } from '../iptables/restore-text.ts';
import { FAMILIES, type Family } from '../net/address.ts';
import { expectedGot, InputError } from '../problems/problem.ts';
import { nodeView, type NodeIdentity } from '../routing/node-view.ts';
import { clusterRoutes } from '../routing/routes.ts';
import { rulesetOf } from './render.ts';
import type { Scene } from '../routing/scene.ts';
import { dryHost, loadCluster, loadScene, type ClusterScene } from './scene.ts';
import { warn } from './terminal.ts';

/** Golden files as they should be, and as they are. */
export interface GoldenFiles {
  readonly wanted: readonly GoldenFile[];
  /** Texts by name. */
  readonly present: ReadonlyMap<string, string>;
}

/** @throws InputError with everything that is wrong with what was read */
export async function filesOfNodes(request: GoldenRequest): Promise<GoldenFiles> {
  const { directory, filename = [], node, layout, flags } = request;
  const scene = await loadCluster({ filename, flags });
  const { identities, warnings } = nodesOf(scene, node);
  for (const { name } of identities) {
    if (name !== ANY_NODE && !NODE_NAME.test(name)) throw wrong('--node', expectedGot("a node's name", name));
  }
  [...scene.warnings, ...warnings].forEach(warn);
  const command = writingCommandWithin(request);
  const wanted = rulesByNodes(identities, {
    rulesOf: (identity, family) => canonicalText({ ...scene, identity }, family, layout),
    keyOf: (identity, family) => {
      const view = nodeView(family, scene.settings, identity, dryHost(identity));
      return nodeKey(clusterRoutes(scene.cluster, view), view);
    },
  });
  return {
    wanted: wanted.map((rules) => nodesFile(rules, command)),
    present: await readRulesFiles(directory),
  };
}

/** It becomes part of the name of a file. */
const NODE_NAME = /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/;

interface ChosenNodes {
  readonly identities: readonly NodeIdentity[];
  readonly warnings: readonly string[];
}

/** The nodes that the user named, by --node or as kube-proxy would, else all of the manifests. */
function nodesOf({ cluster, settings }: ClusterScene, named: readonly string[]): ChosenNodes {
  const isNamed = named.length > 0;
  const names = isNamed ? [...new Set(named)] : cluster.nodes.map(({ name }) => name);
  if ((!isNamed && settings.hostnameOverride !== undefined) || names.length === 0) {
    const { identity, warnings } = chooseNode(cluster, settings);
    return { identities: [identity], warnings };
  }
  const chosen = names.map((name) => chooseNode(cluster, { ...settings, hostnameOverride: name }));
  return {
    identities: chosen.map(({ identity }) => identity),
    warnings: chosen.flatMap(({ warnings }) => warnings),
  };
}

/** @throws InputError with everything that is wrong with what was read */
export async function filesOfRuleBook(request: GoldenRequest): Promise<GoldenFiles> {
  const { directory, node, flags } = request;
  if (node.length > 0 || flags.config !== undefined) {
    const message = 'need manifests by -f; in a rule book each folder has its own configuration';
    throw wrong('--node, --config', message);
  }
  const folders = await foldersOf(directory);
  const wanted: GoldenFile[] = [];
  for (const folder of folders) wanted.push(...(await caseFiles(request, folder)));
  return {
    wanted,
    present: await readNamed(
      directory,
      wanted.map(({ name }) => name),
    ),
  };
}

async function foldersOf(directory: string): Promise<readonly string[]> {
  const isDirectory = await stat(directory).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const folders = isDirectory ? await caseFolders(directory) : [];
  if (folders.length > 0) return folders;
  throw wrong(directory, `has no folder with a ${CASE_CLUSTER}: name the manifests by -f`);
}

async function caseFiles(
  { directory, layout, flags }: GoldenRequest,
  folder: string,
): Promise<readonly GoldenFile[]> {
  const path = join(directory, folder);
  const config = join(path, CASE_CONFIG);
  const hasConfig = await access(config).then(
    () => true,
    () => false,
  );
  const scene = await loadScene({
    filename: [join(path, CASE_CLUSTER)],
    flags: hasConfig ? { config: [config], ...flags } : flags,
  });
  scene.warnings.forEach((warning) => warn(`${path}: ${warning}`));
  return FAMILIES.map((family) => ({
    name: join(folder, expectedName(family)),
    family,
    nodes: scene.identity.name === ANY_NODE ? [] : [scene.identity.name],
    text: canonicalText(scene, family, layout),
  }));
}

function canonicalText(scene: Scene, family: Family, layout: LayoutSettings): string {
  return canonicalRules([...restoreLines(rulesetOf(scene, family, layout))].join('\n'));
}

function wrong(where: string, message: string): InputError {
  return new InputError([{ where, path: '', message }]);
}
