import { Command } from 'commander';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addKubeProxyFlags, flagValues } from '../../../src/config/commander.ts';
import { commandFlags, FLAGS } from '../../../src/config/flags.ts';
import { parseInteger } from '../../../src/config/flags/values.ts';
import { readConfig } from '../../../src/config/load.ts';
import { fields, flagsOf, read } from './reading.ts';

/** From the help text of kube-proxy 1.36 for Linux. */
const KUBE_PROXY_FLAGS = `
bind-address bind-address-hard-fail boot-id-file cleanup cluster-cidr config config-sync-period
conntrack-max-per-core conntrack-min conntrack-tcp-be-liberal conntrack-tcp-timeout-close-wait
conntrack-tcp-timeout-established conntrack-udp-timeout conntrack-udp-timeout-stream detect-local-mode
feature-gates healthz-bind-address hostname-override init-only iptables-localhost-nodeports
iptables-masquerade-bit iptables-min-sync-period iptables-sync-period ipvs-exclude-cidrs
ipvs-min-sync-period ipvs-scheduler ipvs-strict-arp ipvs-sync-period ipvs-tcp-timeout ipvs-tcpfin-timeout
ipvs-udp-timeout kube-api-burst kube-api-content-type kube-api-qps kubeconfig log-flush-frequency
log-json-info-buffer-size log-json-split-stream log-text-info-buffer-size log-text-split-stream
logging-format machine-id-file masquerade-all master metrics-bind-address nodeport-addresses oom-score-adj
pod-bridge-interface pod-interface-name-prefix profiling proxy-mode show-hidden-metrics-for-version v
version vmodule write-config-to`;

describe('the table of flags', () => {
  const names = FLAGS.map(({ name }) => name);

  test.each(KUBE_PROXY_FLAGS.trim().split(/\s+/))('knows --%s', (name) => {
    const flag = FLAGS.find((each) => each.name === name);
    expect(flag?.use).not.toBe('refused');
    expect(flag).toBeDefined();
  });

  test('has no name twice', () => {
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(FLAGS.filter((flag) => flag.use === 'config' && flag.default !== undefined))(
    'gives the default that is in force for --$name',
    ({ name, default: value = '' }) => {
      expect(read(undefined, `--${name}=${value}`)).toEqual(read(undefined));
    },
  );
});

describe('a flag and the field it is for', () => {
  test.each([
    ['--bind-address=fd00::1', 'bindAddress: fd00::1'],
    ['--bind-address-hard-fail', 'bindAddressHardFail: true'],
    ['--cluster-cidr=10.0.0.0/8,fd00::/8', 'clusterCIDR: 10.0.0.0/8,fd00::/8'],
    ['--config-sync-period=1m', 'configSyncPeriod: 1m'],
    ['--conntrack-max-per-core=0', 'conntrack: {maxPerCore: 0}'],
    ['--conntrack-min=0x10', 'conntrack: {min: 16}'],
    ['--conntrack-tcp-be-liberal=t', 'conntrack: {tcpBeLiberal: true}'],
    ['--conntrack-tcp-timeout-close-wait=5m', 'conntrack: {tcpCloseWaitTimeout: 5m}'],
    ['--conntrack-tcp-timeout-established=0', 'conntrack: {tcpEstablishedTimeout: 0s}'],
    ['--conntrack-udp-timeout=9s', 'conntrack: {udpTimeout: 9s}'],
    ['--conntrack-udp-timeout-stream=8s', 'conntrack: {udpStreamTimeout: 8s}'],
    ['--detect-local-mode=NodeCIDR', 'detectLocalMode: NodeCIDR'],
    ['--feature-gates=A=true,B=0', 'featureGates: {A: true, B: false}'],
    ['--healthz-bind-address=127.0.0.1', 'healthzBindAddress: 127.0.0.1:10256'],
    ['--hostname-override=n1', 'hostnameOverride: n1'],
    ['--iptables-localhost-nodeports=0', 'iptables: {localhostNodePorts: false}'],
    ['--iptables-masquerade-bit=017', 'iptables: {masqueradeBit: 15}'],
    ['--iptables-min-sync-period=2s', 'iptables: {minSyncPeriod: 2s}'],
    ['--iptables-sync-period=2s', 'iptables: {syncPeriod: 2s}'],
    ['--kube-api-burst=20', 'clientConnection: {burst: 20}'],
    ['--kube-api-content-type=application/json', 'clientConnection: {contentType: application/json}'],
    ['--kube-api-qps=1e1', 'clientConnection: {qps: 10}'],
    ['--kubeconfig=/k', 'clientConnection: {kubeconfig: /k}'],
    ['--logging-format=json', 'logging: {format: json}'],
    ['--masquerade-all', 'iptables: {masqueradeAll: true}'],
    ['--metrics-bind-address=[::]:1', 'metricsBindAddress: "[::]:1"'],
    ['--nodeport-addresses=10.0.0.0/8,fd00::/8', 'nodePortAddresses: [10.0.0.0/8, "fd00::/8"]'],
    ['--oom-score-adj=-5', 'oomScoreAdj: -5'],
    ['--profiling', 'enableProfiling: true'],
    ['--show-hidden-metrics-for-version=1.35', 'showHiddenMetricsForVersion: "1.35"'],
    ['--v=4', 'logging: {verbosity: 4}'],
  ])('%s means %j', (flag, body) => {
    expect(read(undefined, flag).settings).toEqual(read(fields(body)).settings);
  });

  test.each([
    ['--pod-bridge-interface=cni0', 'BridgeInterface', { bridgeInterface: 'cni0' }],
    ['--pod-interface-name-prefix=veth', 'InterfaceNamePrefix', { interfaceNamePrefix: 'veth' }],
  ])('%s goes with --detect-local-mode=%s', (flag, mode, companion) => {
    const { settings } = read(undefined, `--detect-local-mode=${mode}`, flag);
    expect(settings.detectLocal).toEqual({ mode, ...companion });
  });
});

describe('flags over a file', () => {
  test('the flag wins over its field and leaves the others of the section', () => {
    const text = fields('iptables: {masqueradeBit: 3, masqueradeAll: true}\n');
    const { settings } = read(text, '--iptables-masquerade-bit=4');
    expect(settings).toMatchObject({ masqueradeBit: 4, masqueradeAll: true });
  });

  test('a flag can turn off what the file turned on', () => {
    const text = fields('iptables: {masqueradeAll: true}\n');
    expect(read(text, '--masquerade-all=false').settings.masqueradeAll).toBe(false);
  });

  test('a flag mends a field that the file has wrong', () => {
    const text = fields('iptables: {masqueradeBit: 99}\n');
    expect(read(text, '--iptables-masquerade-bit=4').settings.masqueradeBit).toBe(4);
  });

  test('feature gates add up', () => {
    const text = fields('featureGates: {A: true, B: true}\n');
    const { featureGates } = read(text, '--feature-gates=B=false', '--feature-gates=C=true').settings;
    expect(featureGates).toEqual({ A: true, B: false, C: true });
  });

  test('node port addresses replace those of the file, and an empty text empties them', () => {
    const text = fields('nodePortAddresses: [10.0.0.0/8]\n');
    const many = read(text, '--nodeport-addresses=11.0.0.0/8', '--nodeport-addresses=12.0.0.0/8');
    expect(many.settings.nodePortAddresses).toEqual(['11.0.0.0/8', '12.0.0.0/8']);
    expect(read(text, '--nodeport-addresses=').settings.nodePortAddresses).toEqual([]);
  });

  test.each(['bind-address', 'healthz-bind-address', 'metrics-bind-address', 'hostname-override'])(
    '--%s with an empty text leaves the field as it is',
    (name) => {
      const text = fields('bindAddress: 10.0.0.1\nhealthzBindAddress: 10.0.0.1:1\nhostnameOverride: a\n');
      expect(read(text, `--${name}=`)).toEqual(read(text));
    },
  );

  test('of a flag given twice the last counts', () => {
    const { settings } = read(undefined, '--iptables-masquerade-bit=1', '--iptables-masquerade-bit=2');
    expect(settings.masqueradeBit).toBe(2);
  });
});

describe('a command line', () => {
  const parse = (...args: readonly string[]) => {
    const command = new Command('run').exitOverride();
    addKubeProxyFlags(command);
    command.parse(args, { from: 'user' });
    return flagValues(command);
  };

  test('without flags gives none', () => {
    expect(parse()).toEqual({});
  });

  test.each([
    [['-v=2'], { v: ['2'] }],
    [['-v2'], { v: ['2'] }],
    [['-v', '2'], { v: ['2'] }],
    [['--v=2'], { v: ['2'] }],
    [['--masquerade-all'], { 'masquerade-all': ['true'] }],
    [['--masquerade-all=false'], { 'masquerade-all': ['false'] }],
    [['--masquerade-all', '--masquerade-all=0'], { 'masquerade-all': ['0'] }],
    [['--masquerade-all', '--profiling'], { 'masquerade-all': ['true'], profiling: ['true'] }],
    [['--oom-score-adj', '-5'], { 'oom-score-adj': ['-5'] }],
    [['--conntrack-max-per-core=-1'], { 'conntrack-max-per-core': ['-1'] }],
    [['--feature-gates=A=true', '--feature-gates', 'B=false'], { 'feature-gates': ['A=true', 'B=false'] }],
    [['--cluster-cidr='], { 'cluster-cidr': [''] }],
    [['--version=raw'], { version: ['raw'] }],
    [['--log-dir=/var/log'], { 'log-dir': ['/var/log'] }],
  ])('%j gives %j', (args, values) => {
    expect(parse(...args)).toEqual(values);
  });

  test('becomes settings', () => {
    const flags = parse('--masquerade-all', '--nodeport-addresses=primary', '-v=3');
    expect(readConfig({ flags }).settings).toMatchObject({
      masqueradeAll: true,
      nodePortAddresses: 'primary',
      logging: { verbosity: 3 },
    });
  });

  test('keeps an option that the command has of the same name', () => {
    const command = new Command('run').option('--config <file>', 'ours').exitOverride();
    addKubeProxyFlags(command);
    command.parse(['--config', 'a.yaml'], { from: 'user' });
    expect(flagValues(command)).toEqual({ config: ['a.yaml'] });
  });

  test('has no help for flags that do nothing', () => {
    const command = new Command('run');
    addKubeProxyFlags(command);
    const help = command.helpInformation();
    expect(help).toContain('--iptables-masquerade-bit <number>');
    expect(help).not.toMatch(/--ipvs-|--windows-service|--vmodule/);
  });
});

describe('the flags of the command itself', () => {
  test.each([
    [[], {}],
    [['--config=a.yaml', '--config=b.yaml'], { config: 'b.yaml' }],
    [['--cleanup'], { cleanup: true }],
    [['--cleanup=false'], { cleanup: false }],
    [['--init-only=1'], { initOnly: true }],
    [['--write-config-to=x', '--master=https://h'], { writeConfigTo: 'x', master: 'https://h' }],
    [['--version'], { version: 'true' }],
    [['--version=raw'], { version: 'raw' }],
    [['--version=false'], { version: undefined }],
  ])('%j', (args, expected) => {
    const none = { cleanup: false, initOnly: false };
    expect(commandFlags(flagsOf(...args))).toEqual({ ...none, ...expected });
  });
});

test('a whole number of a flag is read in any base Go knows', () => {
  const spellings = [
    (n: number) => String(n),
    (n: number) => `0x${n.toString(16)}`,
    (n: number) => `0${n.toString(8)}`,
  ];
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom(...spellings), fc.constantFrom('', '+', '-'), (n, spell, sign) => {
      expect(parseInteger(sign + spell(n))).toBe(sign === '-' && n !== 0 ? -n : n);
    }),
  );
});
