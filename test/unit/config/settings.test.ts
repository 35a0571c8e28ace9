import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { data, fields, read } from './reading.ts';

describe('the configurations of the captured clusters', () => {
  const names = readdirSync(new URL('../../data/kube-proxy/configs', import.meta.url));

  test('are there', () => {
    expect(names).toHaveLength(15);
  });

  test.each(names)('%s loads without a warning', (name) => {
    const { settings, warnings } = read(data(`configs/${name}`));
    expect(settings.hostnameOverride).toBe('node-a');
    expect(warnings).toEqual([]);
  });

  test('masquerade-all-and-bit.yaml masquerades all, by bit 20, and knows both pod networks', () => {
    expect(read(data('configs/masquerade-all-and-bit.yaml')).settings).toMatchObject({
      masqueradeAll: true,
      masqueradeBit: 20,
      detectLocal: { mode: 'ClusterCIDR', clusterCIDRs: ['10.244.0.0/16', 'fd00:10:244::/56'] },
    });
  });
});

describe('local traffic', () => {
  test.each([
    ['', { mode: 'ClusterCIDR', clusterCIDRs: [] }],
    ['detectLocalMode: ""\nclusterCIDR: 10.1.2.3/16', { mode: 'ClusterCIDR', clusterCIDRs: ['10.1.0.0/16'] }],
    ['detectLocalMode: NodeCIDR\nclusterCIDR: 10.1.0.0/16', { mode: 'NodeCIDR' }],
    [
      'detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: cni0}',
      { mode: 'BridgeInterface', bridgeInterface: 'cni0' },
    ],
    [
      'detectLocalMode: InterfaceNamePrefix\ndetectLocal: {interfaceNamePrefix: veth}',
      { mode: 'InterfaceNamePrefix', interfaceNamePrefix: 'veth' },
    ],
  ])('with %j is told by %j', (body, detectLocal) => {
    expect(read(fields(body)).settings.detectLocal).toEqual(detectLocal);
  });

  test.each(['clusterCIDR: banana', 'detectLocal: {bridgeInterface: "a name with spaces in it"}'])(
    'is not asked of %j in another mode',
    (body) => {
      const text = fields(`${body}\ndetectLocalMode: NodeCIDR\n`);
      expect(read(text).settings.detectLocal).toEqual({ mode: 'NodeCIDR' });
    },
  );
});

describe('node port addresses', () => {
  test.each([
    ['nodePortAddresses: []', []],
    ['nodePortAddresses: [primary]', 'primary'],
    ['nodePortAddresses: [192.168.77.10/24, "FD00:77::/64"]', ['192.168.77.0/24', 'fd00:77::/64']],
    ['mode: nftables', 'primary'],
    ['mode: nftables\nnodePortAddresses: [0.0.0.0/0]', ['0.0.0.0/0']],
    ['mode: ipvs', []],
  ])('of %j are %j', (body, addresses) => {
    expect(read(fields(body)).settings.nodePortAddresses).toEqual(addresses);
  });
});

describe('a value as Go reads it', () => {
  test('yes, no, on and off are true and false, and 014 is octal', () => {
    const text = fields('iptables: {masqueradeAll: yes, localhostNodePorts: off, masqueradeBit: 014}\n');
    expect(read(text).settings).toMatchObject({
      masqueradeAll: true,
      localhostNodePorts: false,
      masqueradeBit: 12,
    });
  });

  test('a host name that looks like a time or a date is text', () => {
    expect(read(fields('hostnameOverride: 1:30\n')).settings.hostnameOverride).toBe('1:30');
    expect(read(fields('hostnameOverride: 2026-01-01\n')).settings.hostnameOverride).toBe('2026-01-01');
  });

  test('a host name loses the space around it and its capitals', () => {
    expect(read(fields('hostnameOverride: " Node-A "\n')).settings.hostnameOverride).toBe('node-a');
  });

  test('logging.flushFrequency may be a number of nanoseconds', () => {
    expect(read(fields('logging: {flushFrequency: 5000000000}\n'))).toEqual(read(undefined));
  });

  test('JSON is as good as YAML', () => {
    const json = JSON.stringify({
      kind: 'KubeProxyConfiguration',
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      iptables: { masqueradeBit: 3 },
    });
    expect(read(json).settings.masqueradeBit).toBe(3);
  });

  test('empty documents around the configuration do not count', () => {
    expect(read(`---\n# nothing\n---\n${fields('')}---\n`)).toEqual(read(undefined));
  });
});

test.each([
  'iptables: {syncPeriod: 5s, minSyncPeriod: 5s}',
  'mode: nftables\niptables: {syncPeriod: 5s}\nnftables: {syncPeriod: 5s, minSyncPeriod: 5s}',
])('a minimum period as long as the period is fine: %j', (body) => {
  expect(read(fields(body)).settings.syncPeriod).toBe(5000);
});
