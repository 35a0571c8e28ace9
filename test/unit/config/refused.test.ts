import { describe, expect, test } from 'vitest';
import { BEYOND_REASON } from '../../../src/problems/within-reason.ts';
import { fields, read, refusalOf } from './reading.ts';

const AT = 'kube-proxy.yaml: KubeProxyConfiguration: ';
const NETWORK = 'expected a network such as "10.0.0.0/8" or "fd00::/8"';
const PODS = 'expected a network such as "10.244.0.0/16", or an IPv4 and an IPv6 network joined by a comma';
const PERIOD = 'expected a duration longer than 0s, such as "30s" or "1h0m0s"';
const TIMEOUT = 'expected a duration of 0s or more, such as "30s" or "1h0m0s"';
const LISTEN = 'expected an IP address with or without a port, such as "0.0.0.0:10256" or "[::]:10256"';

describe('a flag that kube-proxy refuses is refused, and named', () => {
  test.each<[readonly string[], string]>([
    [
      ['--masquerade-all', '--iptables-masquerade-bit=40'],
      '--iptables-masquerade-bit: expected a whole number from 0 to 31, got 40',
    ],
    [['--nodeport-addresses=1.2.3.4'], `--nodeport-addresses: ${NETWORK}, or "primary" alone, got "1.2.3.4"`],
    [['--cluster-cidr=banana'], `--cluster-cidr: ${PODS}, got "banana"`],
    [
      ['--detect-local-mode=Nope'],
      '--detect-local-mode: expected "ClusterCIDR", "NodeCIDR", "BridgeInterface" or "InterfaceNamePrefix", got "Nope"',
    ],
    [['--iptables-sync-period=0s'], `--iptables-sync-period: ${PERIOD}, got "0s"`],
    [
      ['--iptables-min-sync-period=40s'],
      '--iptables-min-sync-period: expected a duration of at most iptables.syncPeriod (30s), got "40s"',
    ],
    [['--bind-address=x'], '--bind-address: expected an IP address, got "x"'],
    [['--proxy-mode=foo'], '--proxy-mode: expected "iptables", "ipvs" or "nftables", got "foo"'],
    [
      ['--conntrack-max-per-core=-1'],
      '--conntrack-max-per-core: expected a whole number from 0 to 2147483647, got -1',
    ],
    [['--oom-score-adj=5000'], '--oom-score-adj: expected a whole number from -1000 to 1000, got 5000'],
    [
      ['--detect-local-mode=BridgeInterface'],
      '--pod-bridge-interface: expected an interface name of 1 to 15 characters, got ""',
    ],
    [
      ['--nodeport-addresses=primary,10.0.0.0/8'],
      '--nodeport-addresses: "primary" must stand alone, without networks',
    ],
    [['--config-sync-period=0s'], `--config-sync-period: ${PERIOD}, got "0s"`],
    [
      ['--detect-local-mode=InterfaceNamePrefix'],
      '--pod-interface-name-prefix: expected the beginning of an interface name of 1 to 14 characters, got ""',
    ],
    [
      ['--iptables-sync-period=500ms'],
      '--iptables-sync-period: expected a duration of at least iptables.minSyncPeriod (1s), got "500ms"',
    ],
    [['--iptables-sync-period=30'], `--iptables-sync-period: ${PERIOD}, got "30"`],
    [
      ['--iptables-masquerade-bit=x'],
      '--iptables-masquerade-bit: expected a whole number from 0 to 31, got "x"',
    ],
    [
      ['--iptables-masquerade-bit=1.5'],
      '--iptables-masquerade-bit: expected a whole number from 0 to 31, got "1.5"',
    ],
    [['--masquerade-all=yes'], '--masquerade-all: expected true or false, got "yes"'],
    [['--cleanup=maybe'], '--cleanup: expected true or false, got "maybe"'],
    [['--cluster-cidr='], `--cluster-cidr: ${PODS}, got ""`],
    [['--cluster-cidr=10.0.0.0/8,11.0.0.0/8'], `--cluster-cidr: ${PODS}, got "10.0.0.0/8,11.0.0.0/8"`],
    [['--healthz-bind-address=localhost:80'], `--healthz-bind-address: ${LISTEN}, got "localhost:80"`],
    [['--metrics-bind-address=1.2.3.4:0'], `--metrics-bind-address: ${LISTEN}, got "1.2.3.4:0"`],
    [['--metrics-port=0'], '--metrics-port: expected a port from 1 to 65535, got 0'],
    [['--healthz-port=http'], '--healthz-port: expected a port from 0 to 65535, got "http"'],
    [['--kube-api-qps=fast'], '--kube-api-qps: expected a number, got "fast"'],
    [['--kube-api-burst=-1'], '--kube-api-burst: expected a whole number from 0 to 2147483647, got -1'],
    [['--feature-gates=A'], '--feature-gates: expected pairs such as "Name=true,Other=false", got "A"'],
    [['--feature-gates=A=on'], '--feature-gates: expected pairs such as "Name=true,Other=false", got "A=on"'],
    [['--vmodule=a'], '--vmodule: expected pairs such as "proxier=4,topology=2", got "a"'],
    [['--v=-1'], '--v: expected a whole number from 0 to 2147483647, got -1'],
    [['--logging-format=xml'], '--logging-format: expected "text" or "json", got "xml"'],
    [['--log-flush-frequency=0s'], `--log-flush-frequency: ${PERIOD}, got "0s"`],
    [
      ['--logging-format=json', '--feature-gates=LoggingBetaOptions=false'],
      '--logging-format: expected "text" while the feature gate LoggingBetaOptions is off, got "json"',
    ],
    [['--logging-format=json', '--vmodule=a=1'], '--vmodule: goes only with logging.format "text"'],
    [
      ['--log-text-split-stream'],
      '--log-text-split-stream: expected false while the feature gate LoggingAlphaOptions is off, got true',
    ],
    [
      ['--log-json-info-buffer-size=lots'],
      '--log-json-info-buffer-size: expected a quantity such as "64Ki", got "lots"',
    ],
    [
      ['--show-hidden-metrics-for-version=1.30'],
      '--show-hidden-metrics-for-version: expected "1.35" (the previous minor release) or nothing, got "1.30"',
    ],
    [['--hostname-override=  '], '--hostname-override: expected the name of a node, got "  "'],
    [['--proxy-mode=ipvs', '--ipvs-exclude-cidrs=10.0.0.0/8,x'], `--ipvs-exclude-cidrs: ${NETWORK}, got "x"`],
    [['--windows-service'], '--windows-service: not supported: it is for Windows'],
    [
      ['--log-dir=/var/log'],
      '--log-dir: not supported: kube-proxy dropped it in 1.26; the log goes to standard error',
    ],
  ])('%j', (flags, message) => {
    expect(refusalOf(undefined, ...flags)).toEqual([message]);
  });

  test('an address without a port is none of them: it gets the usual port', () => {
    const { settings } = read(undefined, '--metrics-bind-address=1.2.3.4');
    expect(settings.metricsBindAddress).toBe('1.2.3.4:10249');
  });
});

describe('a field that is wrong is refused, and named by its path', () => {
  test.each<[string, string]>([
    ['foo: bar', 'foo: unknown field (its value is "bar")'],
    [
      'iptables: {masquradeBit: 3}',
      'iptables.masquradeBit: unknown field (its value is 3; did you mean masqueradeBit?)',
    ],
    [
      'clusterCDIR: 10.244.0.0/16',
      'clusterCDIR: unknown field (its value is "10.244.0.0/16"; did you mean clusterCIDR?)',
    ],
    ['__proto__: {a: 1}', '__proto__: unknown field (its value is an object)'],
    ['iptables: {masqueradeBit: 40}', 'iptables.masqueradeBit: expected a whole number from 0 to 31, got 40'],
    [
      'iptables: {masqueradeBit: 1.5}',
      'iptables.masqueradeBit: expected a whole number from 0 to 31, got 1.5',
    ],
    [
      'iptables: {masqueradeBit: "14"}',
      'iptables.masqueradeBit: expected a whole number from 0 to 31, got "14"',
    ],
    [
      'iptables: {masqueradeBit: .nan}',
      'iptables.masqueradeBit: expected a whole number from 0 to 31, got NaN',
    ],
    ['iptables: {masqueradeAll: "true"}', 'iptables.masqueradeAll: expected true or false, got "true"'],
    ['iptables: {syncPeriod: 30}', `iptables.syncPeriod: ${PERIOD}, got 30`],
    ['iptables: {syncPeriod: ""}', `iptables.syncPeriod: ${PERIOD}, got ""`],
    ['iptables: {syncPeriod: -30s}', `iptables.syncPeriod: ${PERIOD}, got "-30s"`],
    ['iptables: {minSyncPeriod: -1s}', `iptables.minSyncPeriod: ${TIMEOUT}, got "-1s"`],
    [
      'iptables: {minSyncPeriod: 0.5h}',
      'iptables.minSyncPeriod: expected a duration of at most iptables.syncPeriod (30s), got "0.5h"',
    ],
    ['iptables: []', 'iptables: expected an object, got []'],
    ['iptables: yes', 'iptables: expected an object, got true'],
    ['configSyncPeriod: -1ns', `configSyncPeriod: ${PERIOD}, got "-1ns"`],
    ['conntrack: {min: -1}', 'conntrack.min: expected a whole number from 0 to 2147483647, got -1'],
    [
      'conntrack: {maxPerCore: 2147483648}',
      'conntrack.maxPerCore: expected a whole number from 0 to 2147483647, got 2147483648',
    ],
    ['conntrack: {tcpEstablishedTimeout: -1s}', `conntrack.tcpEstablishedTimeout: ${TIMEOUT}, got "-1s"`],
    ['conntrack: {tcpCloseWaitTimeout: 1d}', `conntrack.tcpCloseWaitTimeout: ${TIMEOUT}, got "1d"`],
    ['conntrack: {udpTimeout: -1s}', `conntrack.udpTimeout: ${TIMEOUT}, got "-1s"`],
    ['conntrack: {udpStreamTimeout: 0}', `conntrack.udpStreamTimeout: ${TIMEOUT}, got 0`],
    ['oomScoreAdj: -1001', 'oomScoreAdj: expected a whole number from -1000 to 1000, got -1001'],
    ['bindAddress: "[::]"', 'bindAddress: expected an IP address, got "[::]"'],
    ['bindAddress: fe80::1%eth0', 'bindAddress: expected an IP address, got "fe80::1%eth0"'],
    ['healthzBindAddress: ":10256"', `healthzBindAddress: ${LISTEN}, got ":10256"`],
    ['healthzBindAddress: "[::1]"', `healthzBindAddress: ${LISTEN}, got "[::1]"`],
    ['metricsBindAddress: 127.0.0.1:65536', `metricsBindAddress: ${LISTEN}, got "127.0.0.1:65536"`],
    ['metricsBindAddress: 10249', `metricsBindAddress: ${LISTEN}, got 10249`],
    ['mode: kernelspace', 'mode: expected "iptables", "ipvs" or "nftables", got "kernelspace"'],
    ['mode: IPTables', 'mode: expected "iptables", "ipvs" or "nftables", got "IPTables"'],
    [
      'clusterCIDR: 10.0.0.0/8,fd00::/8,fd01::/16',
      `clusterCIDR: ${PODS}, got "10.0.0.0/8,fd00::/8,fd01::/16"`,
    ],
    ['clusterCIDR: "10.0.0.0/8, fd00::/8"', `clusterCIDR: ${PODS}, got "10.0.0.0/8, fd00::/8"`],
    ['clusterCIDR: fd00::/8,fd01::/16', `clusterCIDR: ${PODS}, got "fd00::/8,fd01::/16"`],
    ['clusterCIDR: [10.0.0.0/8]', 'clusterCIDR: expected a string, got a list'],
    [
      'nodePortAddresses: [10.0.0.0/33]',
      `nodePortAddresses[0]: ${NETWORK}, or "primary" alone, got "10.0.0.0/33"`,
    ],
    ['nodePortAddresses: [null]', `nodePortAddresses[0]: ${NETWORK}, or "primary" alone, got null`],
    ['nodePortAddresses: primary', 'nodePortAddresses: expected a list, got "primary"'],
    [
      'nodePortAddresses: [10.0.0.0/8, primary]',
      'nodePortAddresses[1]: "primary" must stand alone, without networks',
    ],
    [
      'nodePortAddresses: [primary, primary]',
      'nodePortAddresses[0]: "primary" must stand alone, without networks',
    ],
    [
      'detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: a name}',
      'detectLocal.bridgeInterface: expected an interface name of 1 to 15 characters, got "a name"',
    ],
    [
      'detectLocalMode: InterfaceNamePrefix\ndetectLocal: {interfaceNamePrefix: abcdefghijklmno}',
      'detectLocal.interfaceNamePrefix: expected the beginning of an interface name of 1 to 14 characters, got "abcdefghijklmno"',
    ],
    [
      'clientConnection: {burst: -1}',
      'clientConnection.burst: expected a whole number from 0 to 2147483647, got -1',
    ],
    ['clientConnection: {qps: .inf}', 'clientConnection.qps: expected a number, got Infinity'],
    ['featureGates: {A: "true"}', 'featureGates.A: expected true or false, got "true"'],
    ['featureGates: [A]', 'featureGates: expected an object, got a list'],
    ['logging: {format: xml}', 'logging.format: expected "text" or "json", got "xml"'],
    ['logging: {flushFrequency: -1}', `logging.flushFrequency: ${PERIOD}, got -1`],
    [
      'logging: {verbosity: 2147483648}',
      'logging.verbosity: expected a whole number from 0 to 2147483647, got 2147483648',
    ],
    [
      'logging: {vmodule: [{filePattern: "a=b", verbosity: 1}]}',
      'logging.vmodule[0].filePattern: expected a file name pattern without "=" and ",", got "a=b"',
    ],
    [
      'logging: {vmodule: [{verbosity: 1}]}',
      'logging.vmodule[0].filePattern: expected a file name pattern without "=" and ",", got nothing',
    ],
    [
      'logging: {options: {text: {infoBufferSize: 64Ki}}}',
      'logging.options.text.infoBufferSize: expected "0" while the feature gate LoggingAlphaOptions is off, got "64Ki"',
    ],
    ['showHiddenMetricsForVersion: 1.35', 'showHiddenMetricsForVersion: expected a string, got 1.35'],
    ['hostnameOverride: 12', 'hostnameOverride: expected a string, got 12'],
    ['ipvs: {strictARP: 1}', 'ipvs.strictARP: expected true or false, got 1'],
    ['winkernel: {dsr: 1}', 'winkernel.dsr: unknown field (its value is 1; did you mean enableDSR?)'],
    ['mode: ipvs\nipvs: {tcpTimeout: -1s}', 'ipvs.tcpTimeout: expected a duration of 0s or more, got "-1s"'],
    [
      'mode: ipvs\nipvs: {minSyncPeriod: 31s}',
      'ipvs.minSyncPeriod: expected a duration of at most ipvs.syncPeriod (30s), got "31s"',
    ],
    [
      'mode: nftables\nnftables: {masqueradeBit: 32}',
      'nftables.masqueradeBit: expected a whole number from 0 to 31, got 32',
    ],
    ['mode: nftables\nnftables: {syncPeriod: -1s}', `nftables.syncPeriod: ${PERIOD}, got "-1s"`],
  ])('%j', (body, message) => {
    expect(refusalOf(fields(body))).toEqual([AT + message]);
  });
});

describe('a file that holds no KubeProxyConfiguration is refused', () => {
  test.each<[string, readonly string[]]>([
    ['', ['kube-proxy.yaml: expected one KubeProxyConfiguration, got none']],
    ['---\n# nothing\n', ['kube-proxy.yaml: expected one KubeProxyConfiguration, got none']],
    ['Twas bryllyg', ['kube-proxy.yaml: expected a KubeProxyConfiguration, got "Twas bryllyg"']],
    ['[]', ['kube-proxy.yaml: expected a KubeProxyConfiguration, got []']],
    [
      'apiVersion: v1\nkind: ConfigMap\ndata: {}\n',
      [
        'kube-proxy.yaml: apiVersion: expected "kubeproxy.config.k8s.io/v1alpha1", got "v1"',
        'kube-proxy.yaml: kind: expected "KubeProxyConfiguration", got "ConfigMap"',
      ],
    ],
    [
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-proxy, namespace: kube-system}\ndata: {config.conf: "kind: KubeProxyConfiguration"}\n',
      [
        "kube-proxy.yaml: expected a KubeProxyConfiguration, got a ConfigMap that holds one: kubectl -n kube-system get configmap kube-proxy -o jsonpath='{.data.config\\.conf}' prints it",
      ],
    ],
    [
      'kind: KubeProxyConfiguration\n',
      ['kube-proxy.yaml: apiVersion: expected "kubeproxy.config.k8s.io/v1alpha1", got nothing'],
    ],
    [
      `${fields('')}---\n${fields('')}`,
      ['kube-proxy.yaml, document 2: expected one KubeProxyConfiguration, got 2'],
    ],
    [
      `${fields('')}---\nkind: Service\napiVersion: v1\n`,
      [
        'kube-proxy.yaml, document 2: apiVersion: expected "kubeproxy.config.k8s.io/v1alpha1", got "v1"',
        'kube-proxy.yaml, document 2: kind: expected "KubeProxyConfiguration", got "Service"',
      ],
    ],
    [
      'bindAddress: ::',
      [
        'kube-proxy.yaml, line 1, column 14: not valid YAML: Nested mappings are not allowed in compact mappings',
      ],
    ],
    ['kind: "x', ['kube-proxy.yaml, line 1, column 9: not valid YAML: Missing closing "quote']],
    [
      'a:\n\tb: 1',
      ['kube-proxy.yaml, line 2, column 1: not valid YAML: Tabs are not allowed as indentation'],
    ],
    [
      'a: 1\nb: 2\na: 3\nb: 4\n',
      [
        'kube-proxy.yaml, line 3, column 1: not valid YAML: Map keys must be unique',
        'kube-proxy.yaml, line 4, column 1: not valid YAML: Map keys must be unique',
      ],
    ],
    [
      'a: *b',
      ['kube-proxy.yaml: not valid YAML: Unresolved alias (the anchor must be set before the alias): b'],
    ],
  ])('%j', (text, lines) => {
    expect(refusalOf(text)).toEqual(lines);
  });

  test('as is one that is nested beyond all measure', () => {
    expect(refusalOf('['.repeat(100_000))).toHaveLength(1);
  });

  test('as is one whose aliases multiply beyond all measure', () => {
    const level = (name: string, of: string) => `${name}: &${name} [${Array(10).fill(of).join(', ')}]\n`;
    const text = level('a', 'x') + level('b', '*a') + level('c', '*b') + level('d', '*c');
    expect(refusalOf(text)).toEqual([
      'kube-proxy.yaml: not valid YAML: Excessive alias count indicates a resource exhaustion attack',
    ]);
  });
});

describe('all problems are told at once', () => {
  test('of file and flags, each where it can be mended', () => {
    const text = fields(`
iptables: {masqueradeBit: 40, syncPeriod: never, minSyncPeriod: 2h}
nodePortAddresses: [1.2.3.4, primary]
detectLocalMode: BridgeInterface
extra: true
`);
    expect(refusalOf(text, '--oom-score-adj=x', '--metrics-port=0', '--log-dir=/')).toEqual([
      '--metrics-port: expected a port from 1 to 65535, got 0',
      '--log-dir: not supported: kube-proxy dropped it in 1.26; the log goes to standard error',
      `${AT}iptables.masqueradeBit: expected a whole number from 0 to 31, got 40`,
      `${AT}iptables.syncPeriod: ${PERIOD}, got "never"`,
      `${AT}nodePortAddresses[0]: ${NETWORK}, or "primary" alone, got "1.2.3.4"`,
      '--oom-score-adj: expected a whole number from -1000 to 1000, got "x"',
      `${AT}extra: unknown field (its value is true)`,
      `${AT}detectLocal.bridgeInterface: expected an interface name of 1 to 15 characters, got ""`,
    ]);
  });

  test('what is nested more deeply than it can be followed', () => {
    const text = fields(`nodePortAddresses: [${'a: '.repeat(5_000)}]\n`);
    expect(refusalOf(text)).toEqual([`kube-proxy.yaml: ${BEYOND_REASON}`]);
  });

  test('a list of which too much is wrong to be told', () => {
    const text = JSON.stringify({
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      nodePortAddresses: Array<number>(150_000).fill(1),
    });
    expect(refusalOf(text)).toEqual([`${AT}${BEYOND_REASON}`]);
  });

  test('a field that depends on a wrong one is left alone', () => {
    const text = fields('detectLocalMode: Nope\nclusterCIDR: banana\niptables: 5\n');
    expect(refusalOf(text)).toEqual([
      `${AT}iptables: expected an object, got 5`,
      `${AT}detectLocalMode: expected "ClusterCIDR", "NodeCIDR", "BridgeInterface" or "InterfaceNamePrefix", got "Nope"`,
    ]);
  });

  test('a flag that is wrong in a good file is named as the flag', () => {
    expect(refusalOf(fields('iptables: {masqueradeBit: 3}\n'), '--iptables-masquerade-bit=99')).toEqual([
      '--iptables-masquerade-bit: expected a whole number from 0 to 31, got 99',
    ]);
  });

  test('what a flag makes missing in a file is named by its path', () => {
    expect(refusalOf(fields(''), '--detect-local-mode=BridgeInterface')).toEqual([
      `${AT}detectLocal.bridgeInterface: expected an interface name of 1 to 15 characters, got ""`,
    ]);
  });
});
