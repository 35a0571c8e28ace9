import { FAMILY_NAMES } from '../net/family-name.ts';
import { counter, exponentialBuckets, gauge, histogram, label, linearBuckets, mirror } from './definition.ts';

/*
 * kube-proxy's own metrics, as far as its iptables mode has them: dashboards and alerts know them by name,
 * type, labels and buckets, which come from pkg/proxy/metrics/metrics.go. [ALPHA] is how Kubernetes says
 * that a metric may change between versions.
 */

const ipFamily = label('ip_family', FAMILY_NAMES);
const table = label('table', ['nat', 'filter']);

/** From 1 ms to 16.384 s. */
const SYNC_SECONDS = exponentialBuckets(0.001, 2, 15);

/** From a quarter of a second to five minutes, closest where most changes should be. */
const PROGRAMMING_SECONDS = [
  ...linearBuckets(0.25, 0.25, 2),
  ...linearBuckets(1, 1, 59),
  ...linearBuckets(60, 5, 12),
  ...linearBuckets(120, 30, 7),
];

const CLIENT_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

export const KUBE_PROXY_METRICS = {
  /** Of every sync that was tried. */
  syncDuration: histogram(
    'kubeproxy_sync_proxy_rules_duration_seconds',
    '[ALPHA] How long a sync of the rules took, in seconds',
    { ipFamily },
    SYNC_SECONDS,
  ),
  fullSyncDuration: histogram(
    'kubeproxy_sync_full_proxy_rules_duration_seconds',
    '[ALPHA] How long a sync of all rules took, in seconds',
    { ipFamily },
    SYNC_SECONDS,
  ),
  partialSyncDuration: histogram(
    'kubeproxy_sync_partial_proxy_rules_duration_seconds',
    '[ALPHA] How long a sync of the changed rules alone took, in seconds',
    { ipFamily },
    SYNC_SECONDS,
  ),
  /** Seconds since 1970; far behind `lastQueued`, something hangs. */
  lastSynced: gauge(
    'kubeproxy_sync_proxy_rules_last_timestamp_seconds',
    '[ALPHA] When a sync of the rules last succeeded, in seconds since 1970',
    { ipFamily },
  ),
  /** Seconds since 1970. */
  lastQueued: gauge(
    'kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds',
    '[ALPHA] When a sync of the rules was last asked for, in seconds since 1970',
    { ipFamily },
  ),
  /** One observation for each EndpointSlice whose change a sync brought into the rules. */
  networkProgrammingDuration: histogram(
    'kubeproxy_network_programming_duration_seconds',
    '[ALPHA] From the change of a service or pod until the rules knew it, in seconds',
    { ipFamily },
    PROGRAMMING_SECONDS,
  ),
  endpointChangesPending: gauge(
    'kubeproxy_sync_proxy_rules_endpoint_changes_pending',
    '[ALPHA] Changes of endpoints that are not in the rules yet',
    {},
  ),
  /** kube-proxy has one watcher for each family, so that it counts a change twice on a dual-stack node. */
  endpointChanges: counter(
    'kubeproxy_sync_proxy_rules_endpoint_changes_total',
    '[ALPHA] Changes of EndpointSlices seen',
    {},
  ),
  serviceChangesPending: gauge(
    'kubeproxy_sync_proxy_rules_service_changes_pending',
    '[ALPHA] Changes of services that are not in the rules yet',
    {},
  ),
  serviceChanges: counter(
    'kubeproxy_sync_proxy_rules_service_changes_total',
    '[ALPHA] Changes of services seen',
    {},
  ),
  restoreFailures: counter(
    'kubeproxy_sync_proxy_rules_iptables_restore_failures_total',
    '[ALPHA] Failures of iptables-restore',
    { ipFamily },
  ),
  /** Each counts among `restoreFailures` too where iptables-restore failed, and a full sync follows. */
  partialRestoreFailures: counter(
    'kubeproxy_sync_proxy_rules_iptables_partial_restore_failures_total',
    '[ALPHA] Syncs of the changed rules alone that failed',
    { ipFamily },
  ),
  rules: gauge(
    'kubeproxy_sync_proxy_rules_iptables_total',
    '[ALPHA] Rules that this proxy has in the kernel',
    {
      ipFamily,
      table,
    },
  ),
  rulesInLastSync: gauge(
    'kubeproxy_sync_proxy_rules_iptables_last',
    '[ALPHA] Rules that the last sync wrote',
    { ipFamily, table },
  ),
  noLocalEndpoints: gauge(
    'kubeproxy_sync_proxy_rules_no_local_endpoints_total',
    '[ALPHA] Service ports of traffic policy Local that have no endpoint on this node',
    { ipFamily, trafficPolicy: label('traffic_policy', ['internal', 'external']) },
  ),
  healthzProbes: counter('kubeproxy_proxy_healthz_total', '[ALPHA] Answers of /healthz', {
    code: label('code', ['200', '503']),
  }),
  livezProbes: counter('kubeproxy_proxy_livez_total', '[ALPHA] Answers of /livez', {
    code: label('code', ['200', '503']),
  }),
  invalidDropped: mirror(
    'kubeproxy_iptables_ct_state_invalid_dropped_packets_total',
    '[ALPHA] Packets dropped because conntrack calls them INVALID',
    {},
  ),
  localhostNodePortsAccepted: mirror(
    'kubeproxy_iptables_localhost_nodeports_accepted_packets_total',
    '[ALPHA] Packets to node ports that came through a loopback address',
    {},
  ),
  conntrackDuration: histogram(
    'kubeproxy_conntrack_reconciler_sync_duration_seconds',
    '[ALPHA] How long it took to find and delete stale conntrack entries, in seconds',
    { ipFamily },
    SYNC_SECONDS,
  ),
  conntrackDeleted: counter(
    'kubeproxy_conntrack_reconciler_deleted_entries_total',
    '[ALPHA] Stale conntrack entries deleted',
    { ipFamily },
  ),
  /** `host` is the API server's, with its port; `code` is `<error>` where no answer came. */
  clientRequests: counter('rest_client_requests_total', '[ALPHA] Requests to the API server', {
    code: label('code'),
    host: label('host'),
    method: label('method'),
  }),
  clientRequestDuration: histogram(
    'rest_client_request_duration_seconds',
    '[ALPHA] How long the API server took to answer, in seconds',
    { host: label('host'), verb: label('verb') },
    CLIENT_SECONDS,
  ),
} as const;
