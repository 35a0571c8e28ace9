import { familyOf, type Address } from '../../net/address.ts';
import type { NodeView } from '../../routing/node-view.ts';
import type { ServiceRoutes } from '../../routing/routes.ts';
import { fatesOf } from '../evaluate.ts';
import { nodeFacts } from '../facts.ts';
import type { Program } from '../program.ts';
import { claimsOf, type Conflict } from './claims.ts';
import { judgeAffinity } from './judge-affinity.ts';
import { judge } from './judge.ts';
import { nodeProbes } from './node-probes.ts';
import { expectationsOf } from './oracle.ts';
import { probesOf, type Probe, type ProbeContext } from './probes.ts';
import { commonSources, MOST_ENDPOINTS } from './sources.ts';
import { structureFaults, type StructureFault } from './structure.ts';
import { tallyUpTo, type Counterexample } from './tally.ts';

/** What the rules of one family are held against. */
export interface ProofInput {
  readonly program: Program;
  readonly services: readonly ServiceRoutes[];
  readonly view: NodeView;
  /** On the node's interfaces; those of the other family do no harm. */
  readonly nodeAddresses: readonly Address[];
  /** How many counterexamples to keep; all are counted. */
  readonly limit: number;
}

export interface Proof {
  readonly servicePorts: number;
  readonly packets: number;
  readonly faults: readonly StructureFault[];
  readonly counterexamples: readonly Counterexample[];
  /** Of counterexamples, those that were not kept among them. */
  readonly total: number;
  readonly conflicts: readonly Conflict[];
  /** Service ports with so many endpoints that not each was tried as a source. */
  readonly sampled: readonly string[];
}

export interface Progress {
  readonly done: number;
  /** Of service ports. */
  readonly all: number;
}

/**
 * Tries every packet that can tell whether the rules do what the services want, service port by service
 * port, and says how far it has come after each.
 */
export function* prove(input: ProofInput): Generator<Progress, Proof> {
  const { program, services, view, limit } = input;
  const routes = services.flatMap((service) => service.routes);
  const claims = claimsOf(routes);
  const facts = nodeFacts(input.nodeAddresses);
  const context: ProbeContext = {
    view,
    facts,
    sources: commonSources(view, facts),
    nodeAddresses: [...new Set(input.nodeAddresses)].filter((address) => familyOf(address) === view.family),
  };
  const faults = structureFaults(program);
  const tally = tallyUpTo(limit, program);
  let packets = 0;
  const tryOut = (probes: Iterable<Probe>): void => {
    for (const probe of probes) {
      packets += 1;
      const expectations = expectationsOf(probe.packet, { view, claims }, probe.facts);
      const fates = fatesOf(program, probe.packet, probe.facts);
      const complaint =
        judge(program, fates, expectations) ??
        (probe.memory ? judgeAffinity(program, probe, fates, expectations) : undefined);
      if (complaint !== undefined) tally.add(probe, complaint);
    }
  };
  // A loop would be walked for ever.
  if (!faults.some(({ kind }) => kind === 'loop')) {
    const healthCheckPorts = routes.flatMap(({ healthCheckNodePort }) => healthCheckNodePort ?? []);
    tryOut(nodeProbes(context, claims, [...new Set(healthCheckPorts)]));
    for (const [index, route] of routes.entries()) {
      tryOut(probesOf(route, context));
      yield { done: index + 1, all: routes.length };
    }
  }
  return {
    servicePorts: routes.length,
    packets,
    faults,
    counterexamples: tally.counterexamples(),
    total: tally.total(),
    conflicts: claims.conflicts(),
    sampled: routes
      .filter(({ endpoints }) => endpoints.reachable.length > MOST_ENDPOINTS)
      .map(({ label }) => label),
  };
}
