import type { Case } from './cases.ts';
import { casesOf } from './cases.ts';
import type { BenchCluster } from './cluster.ts';
import { labelOf, loadRules, type Configuration } from './configurations.ts';
import { buildNetwork, forgetConnections, removeNetwork, type Network } from './network.ts';
import { startListener, startProbe, type Batch, type Probe } from './probe.ts';

/** A configuration in place: a network with its rules, and a probe that sends into it. */
export interface Stage {
  readonly label: string;
  readonly configuration: Configuration;
  readonly network: Network;
  readonly probe: Probe;
  readonly cases: readonly Case[];
  readonly remove: () => Promise<void>;
}

export interface StageOptions {
  readonly configuration: Configuration;
  readonly cluster: BenchCluster;
}

/** @throws Error unless every case ends where it should */
export async function buildStage({ configuration, cluster }: StageOptions): Promise<Stage> {
  const label = labelOf(configuration);
  const network = buildNetwork(label, cluster);
  await loadRules(configuration, cluster, network.node);
  const cases = casesOf(cluster)
    .map((each) => (configuration.kind === 'none' ? { ...each, destinations: each.untranslated } : each))
    .filter(({ destinations }) => destinations.length > 0);
  const probe = startProbe({
    machine: network.client,
    family: cluster.family,
    destinations: cases,
  });
  const stage: Stage = {
    label,
    configuration,
    network,
    probe,
    cases,
    async remove() {
      await probe.end();
      removeNetwork(network);
    },
  };
  await proveJourneys(stage, cluster);
  return stage;
}

/**
 * A wrong ruleset is fast. With a listener on the endpoints' port hits must be accepted, and all else
 * refused; without one everything must be refused, since that is what is timed.
 */
async function proveJourneys(stage: Stage, { family }: BenchCluster): Promise<void> {
  const { network } = stage;
  const listeners = [await startListener(network.node, family), await startListener(network.behind, family)];
  for (const each of stage.cases) {
    const batch = await sendOnce(stage, each);
    const taken = each.transport === 'tcp' ? batch.accepted : batch.silent;
    const wanted = each.reachesEndpoints ? taken : batch.refused + batch.late;
    if (wanted < batch.times.length) throw wentAstray(stage, each, batch, 'with listening endpoints');
  }
  for (const listener of listeners) await listener.end();
  forgetConnections(network);
  for (const each of stage.cases) {
    const batch = await sendOnce(stage, each);
    if (batch.refused + batch.late < batch.times.length)
      throw wentAstray(stage, each, batch, 'with closed ports');
  }
}

function sendOnce({ probe }: Stage, { name, transport, destinations }: Case) {
  return probe.send({ name, transport, count: destinations.length, wait: 3 });
}

function wentAstray(
  { label }: Stage,
  { name, transport }: Case,
  { times, refused, late, accepted, silent }: Batch,
  when: string,
): Error {
  const ends = `${refused} refused at once, ${late} later, ${accepted} accepted, ${silent} without an answer`;
  return new Error(`${label}, ${when}: ${times.length} packets of ${name} over ${transport}: ${ends}`);
}
