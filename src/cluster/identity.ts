import type { Cluster } from '../model/objects.ts';
import type { Settings } from '../model/settings.ts';
import { InputError } from '../problems/problem.ts';
import type { NodeIdentity } from '../routing/node-view.ts';
import { firstOf } from '../text/first-of.ts';
import { didYouMean, nearWords } from '../text/near.ts';

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
    return {
      identity: { name, node },
      warnings: node === undefined ? [unknownNode(name, cluster, 'the manifests')] : [],
    };
  }
  const [node, ...others] = cluster.nodes;
  if (node === undefined) {
    const warning = 'no node is named: no endpoint counts as local (name one by --hostname-override)';
    return { identity: { name: '', node: undefined }, warnings: [warning] };
  }
  if (others.length === 0) return { identity: { name: node.name, node }, warnings: [] };
  const message = `expected the name of the node that is meant, since the manifests hold several: ${namesOf(cluster)}`;
  throw new InputError([{ where: '--hostname-override', path: '', message }]);
}

/** @param where the cluster comes from */
export function unknownNode(name: string, { nodes }: Cluster, where: string): string {
  const near = nearWords(
    name,
    nodes.map((node) => node.name),
  );
  return `Node ${name} is not in ${where}${didYouMean(near)}: its zone and addresses are unknown`;
}

const MOST_NAMED = 5;

function namesOf({ nodes }: Cluster): string {
  return firstOf(
    nodes.map(({ name }) => name),
    MOST_NAMED,
  );
}
