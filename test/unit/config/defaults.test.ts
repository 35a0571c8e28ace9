import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { configurationObject, configurationYaml } from '../../../src/config/write.ts';
import { data, fields, read } from './reading.ts';

describe('without any settings', () => {
  test("the configuration written is kube-proxy's own, to the letter", () => {
    expect(configurationYaml(read(undefined).configuration)).toBe(data('default-config.yaml'));
  });

  test('an empty document of the right kind means the same as no file', () => {
    expect(read(fields(''))).toEqual(read(undefined));
  });

  test("kube-proxy's default file means the same as no file, and warns of nothing", () => {
    expect(read(data('default-config.yaml'))).toEqual(read(undefined));
  });

  test('the settings are those of kube-proxy 1.36', () => {
    expect(read(undefined).settings).toEqual({
      hostnameOverride: undefined,
      bindAddress: '0.0.0.0',
      healthzBindAddress: '0.0.0.0:10256',
      metricsBindAddress: '127.0.0.1:10249',
      bindAddressHardFail: false,
      enableProfiling: false,
      showHiddenMetricsForVersion: '',
      configSyncPeriod: 900_000,
      syncPeriod: 30_000,
      minSyncPeriod: 1000,
      masqueradeAll: false,
      masqueradeBit: 14,
      localhostNodePorts: true,
      nodePortAddresses: [],
      detectLocal: { mode: 'ClusterCIDR', clusterCIDRs: [] },
      oomScoreAdj: -999,
      conntrack: {
        maxPerCore: 32_768,
        min: 131_072,
        tcpBeLiberal: false,
        tcpEstablishedTimeout: 86_400_000,
        tcpCloseWaitTimeout: 3_600_000,
        udpTimeout: 0,
        udpStreamTimeout: 0,
      },
      clientConnection: {
        kubeconfig: '',
        qps: 5,
        burst: 10,
        acceptContentTypes: '',
        contentType: 'application/vnd.kubernetes.protobuf',
      },
      logging: { format: 'text', verbosity: 0 },
      featureGates: {},
    });
  });
});

describe('a value that counts as unset', () => {
  test('null leaves every field and section at its default', () => {
    const names = Object.keys(parse(data('default-config.yaml')) as object);
    const nulls = names.filter((name) => name !== 'apiVersion' && name !== 'kind');
    expect(read(fields(nulls.map((name) => `${name}: null\n`).join('')))).toEqual(read(undefined));
  });

  test('null inside a section leaves the field at its default', () => {
    const text = fields('iptables: {masqueradeBit: null, syncPeriod: null}\nconntrack: {min: ~}\n');
    expect(read(text)).toEqual(read(undefined));
  });

  test('a period of 0 in a file becomes the default', () => {
    const text = fields('configSyncPeriod: 0s\niptables: {syncPeriod: 0s, minSyncPeriod: "0"}\n');
    expect(read(text).settings).toEqual(read(undefined).settings);
  });

  test('a minimum period of 0 from a flag stays 0, and syncs at every change', () => {
    expect(read(undefined, '--iptables-min-sync-period=0s').settings.minSyncPeriod).toBe(0);
  });

  test('a conntrack value of 0 stays 0, and leaves what the kernel has', () => {
    const text = fields('conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s}\n');
    expect(read(text).settings.conntrack).toMatchObject({ maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0 });
  });
});

describe('the addresses of the servers', () => {
  test.each([
    ['bindAddress: "10.0.0.1"', '0.0.0.0:10256', '127.0.0.1:10249'],
    ['bindAddress: "::"', '[::]:10256', '[::1]:10249'],
    ['bindAddress: "::ffff:10.0.0.1"', '0.0.0.0:10256', '127.0.0.1:10249'],
    ['healthzBindAddress: 10.0.0.1', '10.0.0.1:10256', '127.0.0.1:10249'],
    ['metricsBindAddress: "::1"', '0.0.0.0:10256', '[::1]:10249'],
    ['healthzBindAddress: "10.0.0.1:80"\nmetricsBindAddress: "[fd00::1]:81"', '10.0.0.1:80', '[fd00::1]:81'],
  ])('%s serves health on %s and metrics on %s', (body, healthz, metrics) => {
    const { healthzBindAddress, metricsBindAddress } = read(fields(body)).settings;
    expect([healthzBindAddress, metricsBindAddress]).toEqual([healthz, metrics]);
  });

  test('the deprecated port flags name the port of an address that has none', () => {
    const text = fields('metricsBindAddress: 10.0.0.1:99\n');
    const { settings } = read(text, '--healthz-port=8080', '--metrics-port=8081');
    expect(settings.healthzBindAddress).toBe('0.0.0.0:8080');
    expect(settings.metricsBindAddress).toBe('10.0.0.1:99');
  });

  test('--healthz-port=0 serves no health', () => {
    expect(read(undefined, '--healthz-port=0').settings.healthzBindAddress).toBeUndefined();
  });
});

describe('what is shown of the configuration in force', () => {
  test("/configz is kube-proxy's, field for field", () => {
    const text = fields(`
clientConnection: {kubeconfig: /etc/k8s/proxy/config}
hostnameOverride: node-a
clusterCIDR: 10.244.0.0/16,fd00:10:244::/56
iptables: {minSyncPeriod: 10ms}
conntrack: {maxPerCore: 0, min: 0}
`);
    const recorded = JSON.parse(data('configz.json')) as Record<string, unknown>;
    expect(configurationObject(read(text, '--v=2').configuration)).toEqual(
      recorded['kubeproxy.config.k8s.io'],
    );
  });

  test('a configuration of another mode is shown as the iptables one it works as', () => {
    const text = fields('mode: nftables\nnftables: {syncPeriod: 9s, masqueradeAll: true}\n');
    expect(configurationObject(read(text).configuration)).toMatchObject({
      mode: 'iptables',
      nftables: { syncPeriod: '0s', masqueradeAll: false },
      nodePortAddresses: ['primary'],
    });
  });

  test('fields Go leaves out when empty appear when set', () => {
    const text = fields('logging: {vmodule: [{filePattern: a, verbosity: 3}]}\nfeatureGates: {A: true}\n');
    expect(configurationObject(read(text).configuration)).toMatchObject({
      featureGates: { A: true },
      logging: { vmodule: [{ filePattern: 'a', verbosity: 3 }] },
    });
  });

  test.each(['on', '0x10', '1_000', 'null', 'node: a', '"'])(
    'a host called %s is read back as it was',
    (name) => {
      const { configuration } = read(undefined, `--hostname-override=${name}`);
      expect(read(configurationYaml(configuration)).configuration).toEqual(configuration);
    },
  );

  test('what is written reads back as the same settings', () => {
    const text = fields(`
bindAddress: fd00::1
nodePortAddresses: [10.0.0.0/8, "fd00::/8"]
detectLocalMode: InterfaceNamePrefix
detectLocal: {interfaceNamePrefix: veth}
iptables: {masqueradeAll: true, minSyncPeriod: 1.5s, localhostNodePorts: false}
logging: {format: json, verbosity: 4}
`);
    const first = read(text);
    expect(read(configurationYaml(first.configuration))).toEqual(first);
  });
});
