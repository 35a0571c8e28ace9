import { dispatchTree, type DispatchTree, type TreeContext } from './dispatch-tree.ts';
import type { StyledService } from './comment-style.ts';
import { rememberedNames } from './service-names.ts';
import { DISPATCH, type DispatchChain } from './service-rules.ts';
import type { NodeView } from '../routing/node-view.ts';

/** The dispatch trees of a node, in the order of `DISPATCH`. */
export type DispatchTrees = readonly DispatchTree[];

/** The dispatch trees of a node, known or still to be made. */
export interface DispatchForest {
  readonly treeOf: (context: TreeContext) => DispatchTree;
  readonly trees: () => DispatchTrees;
}

/**
 * The trees of these services, each made when it is first asked for: rules that come before it are with the kernel
 * by then. Once all are made, the services are let go.
 */
export function plantedForest(services: readonly StyledService[], view: NodeView): DispatchForest {
  const made = new Map<DispatchChain, DispatchTree>();
  let seed = services;
  const treeOf = (context: TreeContext): DispatchTree => {
    const tree = made.get(context.dispatch) ?? dispatchTree(context, seed);
    made.set(context.dispatch, tree);
    if (made.size === DISPATCH.length) seed = [];
    return tree;
  };
  return {
    treeOf,
    trees: () => {
      const namesOf = rememberedNames();
      return DISPATCH.map((dispatch) => treeOf({ dispatch, view, namesOf }));
    },
  };
}

export function grownForest(trees: DispatchTrees): DispatchForest {
  return {
    treeOf: ({ dispatch }) => {
      const tree = trees[DISPATCH.indexOf(dispatch)];
      if (tree === undefined) throw new RangeError(`no tree of ${dispatch.chain}`);
      return tree;
    },
    trees: () => trees,
  };
}
