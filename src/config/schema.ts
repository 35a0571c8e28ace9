import * as z from 'zod/mini';
import { API_VERSION, KIND } from './configuration.ts';
import {
  address,
  anyDuration,
  count,
  durationOrNanoseconds,
  durationOrZero,
  hostPort,
  nodePortAddress,
  oneOf,
  positiveDuration,
  quantity,
  text,
  trueOrFalse,
  unset,
  wholeNumber,
} from './fields.ts';

const int32 = wholeNumber(-2_147_483_648, 2_147_483_647);

const clientConnection = z.strictObject({
  kubeconfig: unset(text),
  acceptContentTypes: unset(text),
  contentType: unset(text),
  qps: unset(z.number('a number')),
  burst: unset(count),
});

const outputRouting = z.strictObject({
  splitStream: unset(trueOrFalse),
  infoBufferSize: unset(quantity),
});

const FILE_PATTERN = 'a file name pattern without "=" and ","';

const logging = z.strictObject({
  format: unset(oneOf(['text', 'json'])),
  flushFrequency: unset(durationOrNanoseconds),
  verbosity: unset(count),
  vmodule: unset(
    z.array(
      z.strictObject({
        filePattern: z.string(FILE_PATTERN).check(z.regex(/^[^=,]+$/, FILE_PATTERN)),
        verbosity: unset(count),
      }),
    ),
  ),
  options: unset(z.strictObject({ text: unset(outputRouting), json: unset(outputRouting) })),
});

const iptables = z.strictObject({
  masqueradeBit: unset(wholeNumber(0, 31)),
  masqueradeAll: unset(trueOrFalse),
  localhostNodePorts: unset(trueOrFalse),
  syncPeriod: unset(positiveDuration),
  minSyncPeriod: unset(durationOrZero),
});

/** Of the other modes only the types are checked here: kube-proxy checks the rest in that mode alone. */
const ipvs = z.strictObject({
  syncPeriod: unset(anyDuration),
  minSyncPeriod: unset(anyDuration),
  scheduler: unset(text),
  excludeCIDRs: unset(z.array(text)),
  strictARP: unset(trueOrFalse),
  tcpTimeout: unset(anyDuration),
  tcpFinTimeout: unset(anyDuration),
  udpTimeout: unset(anyDuration),
});

const nftables = z.strictObject({
  masqueradeBit: unset(int32),
  masqueradeAll: unset(trueOrFalse),
  syncPeriod: unset(anyDuration),
  minSyncPeriod: unset(anyDuration),
});

const winkernel = z.strictObject({
  networkName: unset(text),
  sourceVip: unset(text),
  enableDSR: unset(trueOrFalse),
  rootHnsEndpointName: unset(text),
  forwardHealthCheckVip: unset(trueOrFalse),
});

const conntrack = z.strictObject({
  maxPerCore: unset(count),
  min: unset(count),
  tcpEstablishedTimeout: unset(durationOrZero),
  tcpCloseWaitTimeout: unset(durationOrZero),
  tcpBeLiberal: unset(trueOrFalse),
  udpTimeout: unset(durationOrZero),
  udpStreamTimeout: unset(durationOrZero),
});

/** kube-proxy's v1alpha1/types.go, field for field; unknown fields are errors. */
export const configurationSchema = z.strictObject({
  apiVersion: z.literal(API_VERSION, JSON.stringify(API_VERSION)),
  kind: z.literal(KIND, JSON.stringify(KIND)),
  featureGates: unset(z.record(z.string(), trueOrFalse)),
  clientConnection: unset(clientConnection),
  logging: unset(logging),
  hostnameOverride: unset(text),
  bindAddress: unset(address),
  healthzBindAddress: unset(hostPort),
  metricsBindAddress: unset(hostPort),
  bindAddressHardFail: unset(trueOrFalse),
  enableProfiling: unset(trueOrFalse),
  showHiddenMetricsForVersion: unset(text),
  mode: unset(oneOf(['iptables', 'ipvs', 'nftables'])),
  iptables: unset(iptables),
  ipvs: unset(ipvs),
  nftables: unset(nftables),
  winkernel: unset(winkernel),
  detectLocalMode: unset(oneOf(['ClusterCIDR', 'NodeCIDR', 'BridgeInterface', 'InterfaceNamePrefix'])),
  detectLocal: unset(z.strictObject({ bridgeInterface: unset(text), interfaceNamePrefix: unset(text) })),
  clusterCIDR: unset(text),
  nodePortAddresses: unset(z.array(nodePortAddress)),
  oomScoreAdj: unset(wholeNumber(-1000, 1000)),
  conntrack: unset(conntrack),
  configSyncPeriod: unset(positiveDuration),
  portRange: unset(text),
  windowsRunAsService: unset(trueOrFalse),
});

/** What the user gave: every field may be missing, durations are milliseconds already. */
export type GivenConfiguration = z.output<typeof configurationSchema>;
