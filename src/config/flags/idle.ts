import type { ConfigFlag, FlagKind, IdleFlag } from './flag.ts';

const IPVS = 'only iptables rules are written';
const ONE_STREAM = 'the log is one stream without a buffer';
const KLOG = 'kube-proxy dropped it in 1.26; the log goes to standard error';
const WINDOWS = 'it is for Windows';

/** Flags of kube-proxy that change nothing here, and those that it refuses itself on Linux. */
export const IDLE_FLAGS: readonly (ConfigFlag | IdleFlag)[] = [
  ipvs('sync-period', 'duration', 'syncPeriod'),
  ipvs('min-sync-period', 'duration', 'minSyncPeriod'),
  ipvs('scheduler', 'text', 'scheduler'),
  ipvs('exclude-cidrs', 'list', 'excludeCIDRs'),
  ipvs('strict-arp', 'bool', 'strictARP'),
  ipvs('tcp-timeout', 'duration', 'tcpTimeout'),
  ipvs('tcpfin-timeout', 'duration', 'tcpFinTimeout'),
  ipvs('udp-timeout', 'duration', 'udpTimeout'),
  {
    ...logging('log-flush-frequency', 'duration', 'logging.flushFrequency', 'log lines are written at once'),
    default: '5s',
  },
  logging('vmodule', 'levels', 'logging.vmodule', 'the verbosity is one for all files'),
  logging('log-text-split-stream', 'bool', 'logging.options.text.splitStream', ONE_STREAM),
  logging('log-text-info-buffer-size', 'text', 'logging.options.text.infoBufferSize', ONE_STREAM),
  logging('log-json-split-stream', 'bool', 'logging.options.json.splitStream', ONE_STREAM),
  logging('log-json-info-buffer-size', 'text', 'logging.options.json.infoBufferSize', ONE_STREAM),
  {
    ...idle('unused', 'boot-id-file', 'text', 'kube-proxy does not use it either'),
    default: '/proc/sys/kernel/random/boot_id',
  },
  {
    ...idle('unused', 'machine-id-file', 'text', 'kube-proxy does not use it either'),
    default: '/etc/machine-id,/var/lib/dbus/machine-id',
  },
  idle('refused', 'windows-service', 'bool', WINDOWS),
  idle('refused', 'network-name', 'text', WINDOWS),
  idle('refused', 'source-vip', 'text', WINDOWS),
  idle('refused', 'enable-dsr', 'bool', WINDOWS),
  idle('refused', 'root-hnsendpoint-name', 'text', WINDOWS),
  idle('refused', 'forward-healthcheck-vip', 'bool', WINDOWS),
  idle('refused', 'add-dir-header', 'bool', KLOG),
  idle('refused', 'alsologtostderr', 'bool', KLOG),
  idle('refused', 'log-backtrace-at', 'text', KLOG),
  idle('refused', 'log-dir', 'text', KLOG),
  idle('refused', 'log-file', 'text', KLOG),
  idle('refused', 'log-file-max-size', 'text', KLOG),
  idle('refused', 'logtostderr', 'bool', KLOG),
  idle('refused', 'one-output', 'bool', KLOG),
  idle('refused', 'skip-headers', 'bool', KLOG),
  idle('refused', 'skip-log-headers', 'bool', KLOG),
  idle('refused', 'stderrthreshold', 'text', KLOG),
];

function ipvs(name: string, kind: FlagKind, field: string): ConfigFlag {
  return logging(`ipvs-${name}`, kind, `ipvs.${field}`, IPVS);
}

function logging(name: string, kind: FlagKind, path: string, why: string): ConfigFlag {
  return { use: 'config', name, kind, path, why, help: `not used: ${why}` };
}

function idle(use: IdleFlag['use'], name: string, kind: FlagKind, why: string): IdleFlag {
  return { use, name, kind, why, help: `${use === 'unused' ? 'not used' : 'refused'}: ${why}` };
}
