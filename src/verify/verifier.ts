import type { Layout } from '../chains/layout.ts';
import type { Address } from '../net/address.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import { choose, type VerifyMode } from './choice.ts';
import type { MadeRules } from './made-rules.ts';
import { programOfService } from './service-program.ts';
import { probeContext, proveService } from './service-proof.ts';

/** What a sync is about to write. */
export interface Undertaking {
  /** Those that change, or all. */
  readonly services: readonly ServiceRoutes[];
  /** The rules that are to be written of one of them. */
  readonly rulesOf: (service: ServiceRoutes) => MadeRules;
  readonly layout: Layout;
  readonly view: NodeView;
  /** Services that could not be proven at an earlier sync, and why. */
  readonly suspects: ReadonlyMap<string, Error>;
  /** No service is served so far, so that no rule can break one. */
  readonly nothingToLose?: boolean;
}

/** A rule that does not do what its service wants, as a packet shows. */
export class UnprovenError extends Error {
  constructor(counterexample: string) {
    super(counterexample);
    this.name = 'UnprovenError';
  }
}

export interface Verifier {
  /**
   * The services whose rules must not be written, each with a packet that shows why. A suspect that a sample
   * passes over stays one.
   */
  readonly unproven: (undertaking: Undertaking) => Promise<ReadonlyMap<string, Error>>;
}

export interface VerifierOptions {
  readonly mode: VerifyMode;
  /** Of the node's interfaces, as they are now. */
  readonly nodeAddresses: () => readonly Address[];
  /** The proof itself failed: the service is let through, since nothing was found against it. */
  readonly onError: (service: string, error: Error) => void;
  /** From 0 up to 1. */
  readonly random: () => number;
  /** Lets others have their turn. */
  readonly breathe: () => Promise<void>;
  /** Milliseconds, from any fixed point. */
  readonly clock: () => number;
}

/** Milliseconds of proving after which others have their turn. */
const TURN = 20;

export function verifier(options: VerifierOptions): Verifier {
  const { random } = options;
  return {
    unproven: async ({ services, rulesOf, layout, view, suspects, nothingToLose = false }) => {
      const context = probeContext(view, options.nodeAddresses());
      const mode = nothingToLose && options.mode === 'sample' && suspects.size === 0 ? 'off' : options.mode;
      const chosen = choose(mode, services, new Set(suspects.keys()), random);
      const wrong = new Map<string, Error>();
      for (const { service } of services) {
        const suspicion = suspects.get(service);
        if (suspicion !== undefined) wrong.set(service, suspicion);
      }
      let turn = options.clock();
      for (const { service, fates } of chosen) {
        wrong.delete(service.service);
        try {
          const program = programOfService(rulesOf(service), layout, view);
          const { counterexample } = proveService(program, service, context, { fates, random });
          if (counterexample !== undefined) wrong.set(service.service, new UnprovenError(counterexample));
        } catch (error) {
          options.onError(service.service, error as Error);
        }
        if (options.clock() - turn < TURN) continue;
        await options.breathe();
        turn = options.clock();
      }
      return wrong;
    },
  };
}
