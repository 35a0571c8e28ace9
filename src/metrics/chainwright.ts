import { FAMILY_NAMES } from '../net/family-name.ts';
import { counter, exponentialBuckets, fromZero, gauge, histogram, label } from './definition.ts';

/* What kube-proxy does not measure, or cannot. */

const ipFamily = label('ip_family', FAMILY_NAMES);
/** What the API calls the kind in its paths: `services`, `endpointslices`, `nodes`. */
const resource = label('resource');

export const CHAINWRIGHT_METRICS = {
  /** Always 1; what matters are the labels. */
  buildInfo: gauge('chainwright_build_info', 'The version that runs, and on which Node.js', {
    version: label('version'),
    nodeVersion: label('node_version'),
  }),
  syncs: fromZero(
    counter('chainwright_syncs_total', 'Syncs by what they wrote and how they ended', {
      ipFamily,
      kind: label('kind', ['full', 'delta']),
      outcome: label('outcome', ['succeeded', 'failed']),
    }),
  ),
  /** One observation for each sync that succeeded, and each change. */
  syncChains: histogram(
    'chainwright_sync_chains',
    'How many chains a sync wrote and deleted',
    { ipFamily, change: label('change', ['written', 'deleted']) },
    [0, ...exponentialBuckets(1, 4, 9)],
  ),
  /**
   * `flush`: chains were emptied or gone. `chain`: rules of a chain were changed, deleted or added.
   * `jump`: a built-in chain did not lead to ours.
   */
  driftRepairs: fromZero(
    counter('chainwright_drift_repairs_total', 'Repairs of rules that others had changed', {
      ipFamily,
      kind: label('kind', ['flush', 'chain', 'jump']),
    }),
  ),
  isolatedServices: fromZero(
    gauge('chainwright_isolated_services', 'Services without rules, as the kernel refused theirs', {
      ipFamily,
    }),
  ),
  unprovenServices: fromZero(
    gauge('chainwright_unproven_services', 'Services held back, as their new rules would be wrong', {
      ipFamily,
    }),
  ),
  takenNodePorts: fromZero(
    gauge('chainwright_taken_node_ports', 'Node ports on which a process of the node listens as well', {
      protocol: label('protocol', ['tcp', 'udp', 'sctp']),
    }),
  ),
  closedHealthCheckPorts: fromZero(
    gauge('chainwright_closed_health_check_node_ports', 'Health-check node ports that cannot be opened', {
      ipFamily,
    }),
  ),
  reflectorLists: counter(
    'chainwright_reflector_lists_total',
    'Complete lists received from the API server',
    {
      resource,
    },
  ),
  reflectorWatches: counter('chainwright_reflector_watches_total', 'Watches begun', { resource }),
  reflectorFaults: counter('chainwright_reflector_faults_total', 'Lists and watches that ended in a fault', {
    resource,
    kind: label('kind'),
  }),
  /** `endpoint_gone`: as kube-proxy does for UDP. `policy_changed`, `affinity_changed`: a new setting is to hold at once. */
  conntrackEntriesDeleted: fromZero(
    counter('chainwright_conntrack_entries_deleted_total', 'Conntrack entries deleted, by the reason', {
      ipFamily,
      reason: label('reason', ['endpoint_gone', 'policy_changed', 'affinity_changed']),
    }),
  ),
} as const;
