import { holdsNothing, type Snapshot } from '../iptables/snapshot.ts';
import type { Family } from '../net/address.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import type { Verifier } from '../verify/verifier.ts';
import { appliedServices, type Applied, type AppliedOptions, type Proposal } from './applied.ts';
import { holdBack, NOTHING_HELD, type Held } from './hold-back.ts';
import { haveSameKeys } from './sameness.ts';

/** Proves rules before they are written. */
export interface Verification extends Verifier {
  /** Services that are held back, since their rules could not be proven; called when the set changes. */
  readonly onUnproven: (family: Family, services: ReadonlyMap<string, Error>) => void;
}

/** What a sync knows of the node. */
type Node = Pick<AppliedOptions, 'layout' | 'view'>;

/** What of one family's rules cannot be proven, from sync to sync. */
export interface Proving {
  /** A service whose new rules cannot be proven stays as it is. */
  readonly propose: (
    applied: Applied,
    wanted: ReadonlyMap<string, ServiceRoutes | undefined>,
    node: Node,
  ) => Promise<Proposal>;
  /** The same for a sync of everything. */
  readonly holdBack: (about: FullUndertaking) => Promise<Held>;
}

export interface FullUndertaking extends Node, Pick<AppliedOptions, 'hand'> {
  readonly services: readonly ServiceRoutes[];
  /** Those that differ from what the kernel holds; undefined where any may. */
  readonly changed: ReadonlySet<string> | undefined;
  /** As it would be with all of them. */
  readonly next: Applied;
  /** What the kernel holds so far; undefined where nothing is known of it yet. */
  readonly applied: Applied | undefined;
  /** The kernel holds it already. */
  readonly isCurrent: boolean;
  readonly snapshot: Snapshot;
}

/** @param verification without it nothing is proven, and everything is written */
export function proving(family: Family, verification: Verification | undefined): Proving {
  if (verification === undefined) {
    return {
      propose: (applied, wanted) => Promise.resolve(applied.propose(wanted)),
      holdBack: () => Promise.resolve(NOTHING_HELD),
    };
  }
  let suspects: ReadonlyMap<string, Error> = new Map();
  const suspect = (services: ReadonlyMap<string, Error>): void => {
    const isSameSet = haveSameKeys(services, suspects);
    suspects = services;
    if (!isSameSet) verification.onUnproven(family, services);
  };

  return {
    propose: async (applied, wanted, node) => {
      const proposal = applied.propose(wanted);
      const { rulesOf } = proposal;
      const services = [...wanted.values()].filter((service) => service !== undefined);
      let wrong;
      try {
        wrong = await verification.unproven({ services, rulesOf, ...node, suspects });
      } catch (error) {
        proposal.reject();
        throw error;
      }
      const others = [...suspects].filter(([service]) => !wanted.has(service));
      suspect(new Map([...others, ...wrong]));
      if (wrong.size === 0) return proposal;
      proposal.reject();
      return applied.propose(new Map([...wanted].filter(([service]) => !wrong.has(service))));
    },
    holdBack: async ({ services, changed, next, applied, isCurrent, snapshot, layout, view, hand }) => {
      if (isCurrent) {
        suspect(new Map());
        return NOTHING_HELD;
      }
      const { rulesOf } = next;
      const doubtful = services.filter(
        ({ service }) => changed === undefined || changed.has(service) || suspects.has(service),
      );
      // The start of a node waits for its rules.
      const nothingToLose = holdsNothing(snapshot.filter) && holdsNothing(snapshot.nat);
      const wrong = await verification.unproven({
        ...{ services: doubtful, rulesOf, layout, view, suspects },
        nothingToLose,
      });
      suspect(wrong);
      const alsoWrong = (older: readonly ServiceRoutes[]): Promise<ReadonlyMap<string, Error>> =>
        verification.unproven({
          services: older,
          rulesOf: appliedServices(older, { layout, view, hand }).rulesOf,
          ...{ layout, view, suspects: wrong },
        });
      return await holdBack({ services, wrong, before: applied?.get, alsoWrong, view, snapshot });
    },
  };
}
