import { changeTrees, dispatchTrees } from '../chains/dispatch-change.ts';
import type { StyledService } from '../chains/dispatch-tree.ts';
import { indexedServiceRules } from '../chains/indexed-service-chains.ts';
import type { LayoutName } from '../chains/layout.ts';
import { rulesOfService, type ServiceRules } from '../chains/service-rules.ts';
import {
  joinDeltas,
  ruleGrowth,
  serviceDelta,
  sumGrowth,
  type Delta,
  type Growth,
} from '../iptables/delta.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Version } from './applied.ts';

/** What a layout has to remember of the rules in the kernel to tell what a change does to them. */
export interface AppliedRules {
  readonly change: (versions: readonly Version[]) => RulesChange;
}

export interface RulesChange {
  readonly delta: Delta;
  /** How many rules more there will be. */
  readonly growth: Growth;
  /** The kernel has it now; without this, nothing has changed. */
  readonly accept: () => void;
}

/** @param initial the services in the kernel */
export function appliedRules(
  initial: readonly StyledService[],
  layout: LayoutName,
  view: NodeView,
): AppliedRules {
  switch (layout) {
    case 'classic':
      return classicRules(view);
    case 'indexed':
      return indexedRules(initial, view);
  }
}

/** Dispatch rules are edited one by one, for which the services themselves say enough. */
function classicRules(view: NodeView): AppliedRules {
  const rulesOf = (version: StyledService): ServiceRules =>
    rulesOfService(version.service, view, version.style);
  return { change: (versions) => ({ ...serviceChanges(versions, rulesOf), accept: () => undefined }) };
}

function indexedRules(initial: readonly StyledService[], view: NodeView): AppliedRules {
  let trees = dispatchTrees(initial, view);
  const rulesOf = (version: StyledService): ServiceRules =>
    indexedServiceRules(version.service, view, version.style);
  return {
    change: (versions) => {
      const ofServices = serviceChanges(versions, rulesOf);
      const gone = versions.map(({ before }) => before).filter((version) => version !== undefined);
      const come = versions.map(({ after }) => after).filter((version) => version !== undefined);
      const { next, write, remove, growth } = changeTrees(trees, gone, come, view);
      return {
        delta: joinDeltas([ofServices.delta, { write, remove, insert: [], drop: [] }]),
        growth: sumGrowth([ofServices.growth, growth]),
        accept: () => {
          trees = next;
        },
      };
    },
  };
}

function serviceChanges(
  versions: readonly Version[],
  rulesOf: (version: StyledService) => ServiceRules,
): Omit<RulesChange, 'accept'> {
  const changes = versions.map(({ before, after }) => {
    const [old, now] = [before && rulesOf(before), after && rulesOf(after)];
    return { delta: serviceDelta(old, now), growth: ruleGrowth(old, now) };
  });
  return {
    delta: joinDeltas(changes.map(({ delta }) => delta)),
    growth: sumGrowth(changes.map(({ growth }) => growth)),
  };
}
