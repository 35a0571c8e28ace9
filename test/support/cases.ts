import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rulesetOf, type Layout } from '../../src/chains/layout.ts';
import { chooseNode } from '../../src/cluster/identity.ts';
import { readManifests } from '../../src/cluster/manifests.ts';
import { readConfig } from '../../src/config/load.ts';
import type { Ruleset } from '../../src/chains/rule.ts';
import type { Cluster } from '../../src/model/objects.ts';
import type { Settings } from '../../src/model/settings.ts';
import type { Address, Family } from '../../src/net/address.ts';
import { nodeView, type Host } from '../../src/routing/node-view.ts';
import { clusterRoutes } from '../../src/routing/routes.ts';

/** A captured case: what kube-proxy 1.36.2 left in the kernel for one cluster. */
export interface Case {
  /** `nodeport/webapp1-two-replicas`. */
  readonly name: string;
  readonly directory: string;
}

/** kube-proxy's own. */
export const CLASSIC: Layout = { name: 'classic', comments: 'auto' };

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const RULE_BOOK = join(ROOT, 'rules');
export const RANDOM_CLUSTERS = join(ROOT, 'test/data/random-clusters');

/** Every folder with a cluster.yaml, in the order of names. */
export function casesIn(directory: string): readonly Case[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('cluster.yaml'))
    .map((path) => join(directory, path, '..'))
    .sort()
    .map((folder) => ({ name: relative(directory, folder), directory: folder }));
}

export function expectedRules(folder: Case, family: Family): string {
  return readFileSync(join(folder.directory, `expected.${family === 'ipv4' ? 'v4' : 'v6'}.rules`), 'utf8');
}

/** The machine that the cases were captured on. */
export const CAPTURE_HOST: Host = {
  interfaceAddresses: ['127.0.0.1', '::1', '192.168.77.10', 'fd00:77::10'] as readonly string[] as Address[],
  conntrackLiberal: false,
};

export interface LoadedCase {
  readonly cluster: Cluster;
  readonly settings: Settings;
}

export function loadCase(folder: Case): LoadedCase {
  const text = (name: string) => readFileSync(join(folder.directory, name), 'utf8');
  const { cluster } = readManifests([{ name: 'cluster.yaml', text: text('cluster.yaml') }]);
  const { settings } = readConfig({ file: { name: 'config.yaml', text: text('config.yaml') }, flags: {} });
  return { cluster, settings };
}

export function rulesetOfCase(
  { cluster, settings }: LoadedCase,
  family: Family,
  layout: Layout = CLASSIC,
): Ruleset {
  const { identity } = chooseNode(cluster, settings);
  const view = nodeView(family, settings, identity, CAPTURE_HOST);
  return rulesetOf(layout, clusterRoutes(cluster, view), view);
}
