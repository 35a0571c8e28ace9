import type { LayoutSettings } from '../chains/layout-choice.ts';
import type { BackendKind } from '../iptables/backend.ts';
import type { TakenNodePort } from '../node/taken-node-ports.ts';
import type { FamilyProgress } from '../reconciler/progress.ts';
import type { ClusterStore } from '../reconciler/store.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { Route } from '../routing/route.ts';
import type { VerifyMode } from '../verify/choice.ts';
import type { SourceState } from './source-record.ts';
import type { FamilyRecord } from './sync-record.ts';

/** A running daemon as it knows itself. Moments are milliseconds since 1970. */
export interface StatusFacts {
  readonly version: string;
  readonly node: string;
  readonly now: number;
  readonly started: number;
  readonly layout: LayoutSettings;
  readonly verify: VerifyMode;
  readonly store: Pick<ClusterStore, 'services' | 'listLengths' | 'slicesOf'>;
  readonly source: SourceState;
  readonly families: readonly FamilyFacts[];
  readonly takenNodePorts: readonly TakenNodePort[];
  /** Bytes. */
  readonly memory: { readonly resident: number; readonly heap: number };
}

export interface FamilyFacts {
  readonly view: NodeView;
  readonly backend: BackendKind;
  readonly progress: FamilyProgress;
  readonly record: FamilyRecord;
  /** No change has waited for too long. */
  readonly isOnTime: boolean;
  /** The routes of which the kernel holds the rules. */
  readonly routes: readonly Route[];
  /** Health-check node ports that cannot be opened. */
  readonly closedPorts: readonly ClosedPort[];
}

/** `service` is `namespace/name`; the message names address and port. */
export interface ClosedPort {
  readonly service: string;
  readonly message: string;
}
