import { carryOut } from '../iptables/applier.ts';
import type { Backend } from '../iptables/backend.ts';
import { isNothingToDo, plan, type Plan } from '../iptables/plan.ts';
import { RestoreError } from '../iptables/restore.ts';
import type { Snapshot } from '../iptables/snapshot.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import { appliedServices, type Applied, type AppliedOptions } from './applied.ts';
import type { Held } from './hold-back.ts';
import { isServed, refusedServices } from './isolate.ts';
import type { Proving } from './proving.ts';
import { readKernel } from './read-kernel.ts';

/** A full sync that succeeded. */
export interface Outcome {
  readonly changes: Plan;
  /** What the kernel holds since. */
  readonly next: Applied;
  /** Services of which the kernel keeps chains of a version that is not known. */
  readonly kept: ReadonlySet<string>;
}

/** What a full sync is to bring about. */
export interface Goal extends Pick<AppliedOptions, 'layout' | 'view' | 'hand'> {
  readonly backend: Backend;
  readonly services: readonly ServiceRoutes[];
  /** What the kernel holds so far; undefined where nothing is known of it yet. */
  readonly applied: Applied | undefined;
  /** The services that differ; undefined where any may. */
  readonly changed: ReadonlySet<string> | undefined;
  readonly proven: Proving;
  /** Told of the services whose rules the kernel refuses, none or some. */
  readonly onRefused: (services: ReadonlyMap<string, Error>) => void;
}

/** Makes the kernel hold these services' rules; those that it refuses are set aside, not in the way. */
export async function bringAbout(goal: Goal, snapshot: Snapshot): Promise<Outcome> {
  const { backend, services, proven, onRefused } = goal;
  const all = appliedServices(services, goal);
  const planned = plan(all.ruleset(), snapshot);
  const isCurrent = isNothingToDo(planned);
  const held = await proven.holdBack({ ...goal, next: all, isCurrent, snapshot });
  const next =
    held.services === undefined ? all : appliedServices(held.services, { ...goal, kept: held.kept });
  const changes = held.services === undefined ? planned : plan(next.ruleset(), snapshot, held.keep);
  try {
    if (!isNothingToDo(changes)) await carryOut(changes, backend);
    onRefused(new Map());
    return { changes, next, kept: namesOf(held.kept) };
  } catch (error) {
    if (!(error instanceof RestoreError) || !error.isRefusal) throw error;
    const refused = await refusedServices(changes, backend);
    if (refused.size === 0) throw error;
    onRefused(refused);
    return await bringAboutWithout(goal, held, refused);
  }
}

async function bringAboutWithout(
  goal: Goal,
  held: Held,
  refused: ReadonlyMap<string, Error>,
): Promise<Outcome> {
  const { backend, view } = goal;
  const services = held.services ?? goal.services;
  const { snapshot } = await readKernel(backend);
  const kept = services.filter(
    (service) => refused.has(service.service) && isServed(service, view, snapshot),
  );
  const next = appliedServices(
    services.filter(({ service }) => !refused.has(service)),
    { ...goal, kept: [...held.kept, ...kept] },
  );
  const changes = plan(next.ruleset(), snapshot, new Set([...held.keep, ...refused.keys()]));
  if (!isNothingToDo(changes)) await carryOut(changes, backend);
  return { changes, next, kept: namesOf([...held.kept, ...kept]) };
}

function namesOf(services: readonly ServiceRoutes[]): ReadonlySet<string> {
  return new Set(services.map(({ service }) => service));
}
