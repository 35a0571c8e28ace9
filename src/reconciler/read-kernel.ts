import type { Backend } from '../iptables/backend.ts';
import { readJumps, readSnapshot, type Snapshot } from '../iptables/snapshot.ts';
import { isTimeout } from '../iptables/tool.ts';

/** What is known of the kernel before all rules are gone through. */
export interface Reading {
  readonly snapshot: Snapshot;
  /** Otherwise the tables could not be read in time: all chains are to be written, and more may be there. */
  readonly isWhole: boolean;
}

/**
 * Reads all that the kernel holds of ours, or, where a neighbour that commits without a pause keeps the tool
 * from that, as little as rules can be written with.
 *
 * @throws ToolError where not even that can be had
 */
export async function readKernel(backend: Backend): Promise<Reading> {
  try {
    return await readWhole(backend);
  } catch (error) {
    if (!isTimeout(error)) throw error;
    return { snapshot: await readJumps(backend), isWhole: false };
  }
}

/** @throws ToolError where the tables cannot be read, or not in time, or not before the signal */
export async function readWhole(backend: Backend, signal?: AbortSignal): Promise<Reading> {
  return { snapshot: await readSnapshot(backend, backend.limits.firstTry, signal), isWhole: true };
}
