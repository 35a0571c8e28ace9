import type { StyledService } from '../chains/comment-style.ts';
import { changeTrees } from '../chains/dispatch-change.ts';
import { grownForest, plantedForest } from '../chains/dispatch-forest.ts';
import { indexedRulesetOf } from '../chains/indexed-ruleset.ts';
import { indexedServiceRules } from '../chains/indexed-service-chains.ts';
import type { LayoutName } from '../chains/layout-choice.ts';
import type { Ruleset } from '../chains/rule.ts';
import { classicRulesetOf } from '../chains/ruleset.ts';
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
import { waysTo, writtenBy, type MadeRules, type Written } from '../verify/made-rules.ts';
import { handledRules, handledRuleset, type LastHand } from './last-hand.ts';

/** One service before and after. */
export interface Version {
  readonly before: StyledService | undefined;
  readonly after: StyledService | undefined;
}

/** What a layout has to remember of the rules in the kernel to tell what a change does to them. */
export interface AppliedRules {
  readonly change: (versions: readonly Version[]) => RulesChange;
  /** What the kernel should hold now of one service. */
  readonly rulesOf: (version: StyledService) => MadeRules;
  /** All rules that the kernel should hold now, of the services that it then has. */
  readonly ruleset: (services: readonly StyledService[]) => Ruleset;
}

export interface RulesChange {
  readonly delta: Delta;
  /** How many rules more there will be. */
  readonly growth: Growth;
  /** What the kernel will hold of one service. */
  readonly rulesOf: (version: StyledService) => MadeRules;
  /** The kernel has it now; without this, nothing has changed. */
  readonly accept: () => void;
}

/** @param initial the services in the kernel */
export function appliedRules(
  initial: readonly StyledService[],
  layout: LayoutName,
  view: NodeView,
  hand?: LastHand,
): AppliedRules {
  switch (layout) {
    case 'classic':
      return classicRules(view, hand);
    case 'indexed':
      return indexedRules(initial, view, hand);
  }
}

/** Dispatch rules are edited one by one, for which the services themselves say enough. */
function classicRules(view: NodeView, hand: LastHand | undefined): AppliedRules {
  const rulesOf = (version: StyledService): ServiceRules =>
    handledRules(rulesOfService(version.service, view, version.style), hand);
  return {
    change: (versions) => {
      const changes = serviceChanges(versions, rulesOf);
      const written = writtenBy(changes.delta);
      return {
        ...changes,
        rulesOf: (version) => ({ ...inVersion(rulesOf(version), written), ways: [] }),
        accept: () => undefined,
      };
    },
    rulesOf: (version) => ({ ...rulesOf(version), ways: [] }),
    ruleset: (services) => handledRuleset(classicRulesetOf(services, view), hand),
  };
}

function indexedRules(
  initial: readonly StyledService[],
  view: NodeView,
  hand: LastHand | undefined,
): AppliedRules {
  let forest = plantedForest(initial, view);
  const rulesOf = (version: StyledService): ServiceRules =>
    handledRules(indexedServiceRules(version.service, view, version.style), hand);
  return {
    change: (versions) => {
      const ofServices = serviceChanges(versions, rulesOf);
      const gone = versions.map(({ before }) => before).filter((version) => version !== undefined);
      const come = versions.map(({ after }) => after).filter((version) => version !== undefined);
      const { next, write, remove, growth } = changeTrees(forest.trees(), gone, come, view);
      const delta = joinDeltas([ofServices.delta, { write, remove, insert: [], drop: [] }]);
      const written = writtenBy(delta);
      return {
        delta,
        growth: sumGrowth([ofServices.growth, growth]),
        rulesOf: (version) => ({
          ...inVersion(rulesOf(version), written),
          ways: waysTo(version, next, view, written),
        }),
        accept: () => {
          forest = grownForest(next);
        },
      };
    },
    rulesOf: (version) => ({
      ...rulesOf(version),
      ways: waysTo(version, forest.trees(), view, () => undefined),
    }),
    ruleset: (services) => handledRuleset(indexedRulesetOf(services, view, forest), hand),
  };
}

function serviceChanges(
  versions: readonly Version[],
  rulesOf: (version: StyledService) => ServiceRules,
): Pick<RulesChange, 'delta' | 'growth'> {
  const changes = versions.map(({ before, after }) => {
    const [old, now] = [before && rulesOf(before), after && rulesOf(after)];
    return { delta: serviceDelta(old, now), growth: ruleGrowth(old, now) };
  });
  return {
    delta: joinDeltas(changes.map(({ delta }) => delta)),
    growth: sumGrowth(changes.map(({ growth }) => growth)),
  };
}

/** Chains that a change writes, as it writes them. */
function inVersion(rules: ServiceRules, written: Written): ServiceRules {
  return { ...rules, chains: rules.chains.map((chain) => written('nat', chain.name) ?? chain) };
}
