import { describe, expect, test } from 'vitest';
import { fields, read } from './reading.ts';

const AT = 'kube-proxy.yaml: KubeProxyConfiguration: ';

const warningsOf = (body: string, ...flags: readonly string[]): readonly string[] =>
  read(fields(body), ...flags).warnings;

describe('a setting without effect is told once', () => {
  test.each<[string, readonly string[]]>([
    ['mode: ipvs', [`${AT}mode: "ipvs" gets iptables rules as well, set up by the iptables section`]],
    [
      'mode: nftables',
      [
        `${AT}mode: "nftables" gets iptables rules as well, set up by the iptables section`,
        `${AT}nodePortAddresses: "primary", which is the default with nftables`,
      ],
    ],
    [
      'mode: nftables\nnodePortAddresses: [primary]',
      [`${AT}mode: "nftables" gets iptables rules as well, set up by the iptables section`],
    ],
    ['ipvs: {scheduler: rr}', [`${AT}ipvs.scheduler: not used: only iptables rules are written`]],
    [
      'ipvs: {excludeCIDRs: [10.0.0.0/8]}',
      [`${AT}ipvs.excludeCIDRs: not used: only iptables rules are written`],
    ],
    [
      'nftables: {masqueradeAll: true, minSyncPeriod: 5s}',
      [
        `${AT}nftables.masqueradeAll: not used: only iptables rules are written; the iptables section says how`,
        `${AT}nftables.minSyncPeriod: not used: only iptables rules are written; the iptables section says how`,
      ],
    ],
    ['winkernel: {enableDSR: true}', [`${AT}winkernel.enableDSR: not used: it is for Windows`]],
    ['windowsRunAsService: true', [`${AT}windowsRunAsService: not used: it is for Windows`]],
    [
      'portRange: 1-2',
      [`${AT}portRange: not used: kube-proxy does not use it either since it has no userspace mode`],
    ],
    [
      'logging: {vmodule: [{filePattern: a, verbosity: 1}]}',
      [`${AT}logging.vmodule: not used: the verbosity is one for all files`],
    ],
    [
      'logging: {flushFrequency: 1s}',
      [`${AT}logging.flushFrequency: not used: log lines are written at once`],
    ],
    [
      'featureGates: {LoggingAlphaOptions: true, AllowServiceExternalIPs: false}\nlogging: {options: {json: {splitStream: true}}}',
      [
        `${AT}featureGates.LoggingAlphaOptions: not used: nothing here has this gate`,
        `${AT}logging.options.json.splitStream: not used: the log is one stream without a buffer`,
      ],
    ],
  ])('%j', (body, warnings) => {
    expect(warningsOf(body)).toEqual(warnings);
  });

  test.each([
    'mode: ""',
    'mode: iptables',
    'ipvs: {syncPeriod: 30s, minSyncPeriod: 0s, excludeCIDRs: []}',
    'ipvs: {syncPeriod: 0s}',
    'nftables: {syncPeriod: 30s, minSyncPeriod: 1s, masqueradeBit: 14}',
    'clusterCIDR: 10.0.0.0/8\ndetectLocalMode: NodeCIDR',
  ])('%j is no such setting', (body) => {
    expect(warningsOf(body)).toEqual([]);
  });

  test('a flag is named as a flag', () => {
    expect(
      warningsOf('', '--ipvs-scheduler=rr', '--boot-id-file=/x', '--vmodule=a=1', '--proxy-mode=ipvs'),
    ).toEqual([
      '--boot-id-file: not used: kube-proxy does not use it either',
      '--proxy-mode: "ipvs" gets iptables rules as well, set up by the iptables section',
      '--ipvs-scheduler: not used: only iptables rules are written',
      '--vmodule: not used: the verbosity is one for all files',
    ]);
  });
});

test.each(['ipvs', 'nftables'])('in mode %s the iptables section is what counts', (mode) => {
  const body = `
mode: ${mode}
iptables: {masqueradeBit: 3, masqueradeAll: true, syncPeriod: 9s}
${mode}: {syncPeriod: 60s}
`;
  expect(read(fields(body)).settings).toMatchObject({
    masqueradeBit: 3,
    masqueradeAll: true,
    syncPeriod: 9000,
  });
});
