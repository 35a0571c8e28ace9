import type { Cluster } from '../model/objects.ts';
import type { Settings } from '../model/settings.ts';
import type { NodeIdentity } from './node-view.ts';

/** All that decides one node's rules, as read, and what is to be said of the reading. */
export interface Scene {
  readonly cluster: Cluster;
  readonly settings: Settings;
  readonly identity: NodeIdentity;
  readonly warnings: readonly string[];
}
