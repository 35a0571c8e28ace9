import type { LayoutName } from '../chains/layout-choice.ts';

/** How far one family is, for whoever asks. */
export interface FamilyProgress {
  readonly layout: {
    /** What the kernel holds; undefined before the first sync of everything. */
    readonly inForce: LayoutName | undefined;
    readonly wanted: LayoutName;
  };
  /** There is something to bring into the kernel. */
  readonly isPending: boolean;
  readonly pendingServices: number;
  /** The next sync goes through everything. */
  readonly isFull: boolean;
  /** Milliseconds until what failed is tried again; undefined where nothing failed, or it is tried now. */
  readonly retryIn: number | undefined;
}
