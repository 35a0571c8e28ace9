import { claimsOf } from '../inspect/check/claims.ts';
import { judge } from '../inspect/check/judge.ts';
import { judgeAffinity } from '../inspect/check/judge-affinity.ts';
import { expectationsOf } from '../inspect/check/oracle.ts';
import { probesOf, type Probe, type ProbeContext } from '../inspect/check/probes.ts';
import { commonSources } from '../inspect/check/sources.ts';
import { packetWords } from '../inspect/check/words.ts';
import { fatesOf } from '../inspect/evaluate.ts';
import { nodeFacts } from '../inspect/facts.ts';
import { textAt, type Program } from '../inspect/program.ts';
import { familyOf, type Address } from '../net/address.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';
import type { ServiceRoutes } from '../routing/routes.ts';

/** @param nodeAddresses on the node's interfaces; those of the other family do no harm */
export function probeContext(view: NodeView, nodeAddresses: readonly Address[]): ProbeContext {
  const facts = nodeFacts(nodeAddresses);
  return {
    view,
    facts,
    sources: commonSources(view, facts),
    nodeAddresses: [...new Set(nodeAddresses)].filter((address) => familyOf(address) === view.family),
  };
}

export interface ServiceProof {
  /** The first packet that goes wrong, in words; undefined where none does. */
  readonly counterexample: string | undefined;
  /** Fates that packets met: what the proof has cost. */
  readonly cost: number;
}

/** How much may be spent on a proof. */
export interface Budget {
  /** Fates of packets: of more than these only a part is tried, but never none. */
  readonly fates: number;
  /** From 0 up to 1: which part. */
  readonly random: () => number;
}

const UNLIMITED: Budget = { fates: Infinity, random: () => 0 };

/**
 * Runs packets to one service through its rules, and holds what becomes of them against what its endpoints
 * and policies ask for.
 */
export function proveService(
  program: Program,
  { routes }: ServiceRoutes,
  context: ProbeContext,
  budget: Budget = UNLIMITED,
): ServiceProof {
  const intent = { view: context.view, claims: claimsOf(routes) };
  let cost = 0;
  for (const { probe, route } of within(budget, routes, context)) {
    const expectations = expectationsOf(probe.packet, intent, probe.facts);
    const fates = fatesOf(program, probe.packet, probe.facts);
    cost += fates.length;
    const complaint =
      judge(program, fates, expectations) ??
      (probe.memory ? judgeAffinity(program, probe, fates, expectations) : undefined);
    if (complaint === undefined) continue;
    const { expected, found, place } = complaint;
    const rule = place === undefined ? '' : `, by ${textAt(program, place)}`;
    const counterexample = `${packetWords(probe.packet)} to the ${probe.to} of ${route.label}: expected ${expected}, found ${found}${rule}`;
    return { counterexample, cost };
  }
  return { counterexample: undefined, cost };
}

interface Trial {
  readonly probe: Probe;
  readonly route: Route;
}

/** Packets evenly spread; each is dealt to every endpoint. */
function within(
  { fates, random }: Budget,
  routes: readonly Route[],
  context: ProbeContext,
): readonly Trial[] {
  const all = routes.flatMap((route) => Array.from(probesOf(route, context), (probe) => ({ probe, route })));
  const cost = all.reduce((sum, { route }) => sum + Math.max(1, route.endpoints.reachable.length), 0);
  const every = Math.max(1, Math.min(all.length, Math.ceil(cost / fates)));
  const first = Math.floor(random() * every);
  return every === 1 ? all : all.filter((_, index) => index % every === first);
}
