import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { benchCluster, CLUSTER_CIDRS, NODE_NAME } from '../bench/cluster-objects.ts';
import { chainwright } from '../cli/chainwright.ts';

/**
 * Makes a page as a user would.
 *
 * @returns its path
 * @throws Error where the command fails
 */
export async function makePage(directory: string, name: string, args: readonly string[]): Promise<string> {
  const path = join(directory, `${name}.html`);
  const { exitCode, stderr } = await chainwright(['graph', ...args, '--out', path]);
  if (exitCode !== 0) throw new Error(`chainwright graph ended with ${String(exitCode)}: ${stderr}`);
  return path;
}

/** The manifests of a large cluster, two endpoints to a service. */
export async function largeManifests(directory: string, services: number): Promise<readonly string[]> {
  const cluster = benchCluster('ipv4');
  const items: object[] = [];
  for (let index = 0; index < services; index += 1) {
    items.push({ apiVersion: 'v1', kind: 'Service', ...cluster.service(index) });
    const slice = cluster.slice(index, cluster.firstEndpoints(index, 2));
    items.push({ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', ...slice });
  }
  const path = join(directory, 'large.json');
  await writeFile(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  return ['-f', path, '--hostname-override', NODE_NAME, '--cluster-cidr', CLUSTER_CIDRS.ipv4];
}
