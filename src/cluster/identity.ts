import type { Cluster } from '../model/objects.ts';
import type { Settings } from '../model/settings.ts';
import { InputError } from '../problems/problem.ts';
import type { NodeIdentity } from '../routing/node-view.ts';

export interface ChosenNode {
  readonly identity: NodeIdentity;
  readonly warnings: readonly string[];
}

/**
 * Which node the rules of a dry run are for: the one that hostnameOverride names, else the only one
 * that the manifests hold. Without any, no endpoint counts as local.
 *
 * @throws InputError where several nodes leave the choice open
 */
export function chooseNode(cluster: Cluster, settings: Settings): ChosenNode {
  const name = settings.hostnameOverride;
  if (name !== undefined) {
    const node = cluster.nodes.find((candidate) => candidate.name === name);
    const warnings =
      node === undefined ? [`Node ${name} is not in the manifests: its zone and addresses are unknown`] : [];
    return { identity: { name, node }, warnings };
  }
  const [node, ...others] = cluster.nodes;
  if (node === undefined) {
    const warning = 'no node is named: no endpoint counts as local (name one by --hostname-override)';
    return { identity: { name: '', node: undefined }, warnings: [warning] };
  }
  if (others.length === 0) return { identity: { name: node.name, node }, warnings: [] };
  const names = cluster.nodes.map((candidate) => candidate.name).join(', ');
  const message = `expected the node to render for, since the manifests hold several: ${names}`;
  throw new InputError([{ where: '--hostname-override', path: '', message }]);
}
