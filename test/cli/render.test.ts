import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { canonicalRules } from '../../src/inspect/canonical.ts';
import { ROOT } from '../support/cases.ts';
import { BUNDLE, chainwright } from './chainwright.ts';

const WEBAPP1 = 'rules/nodeport/webapp1-two-replicas';
const ARGUMENTS = ['render', '-f', `${WEBAPP1}/cluster.yaml`, '--config', `${WEBAPP1}/config.yaml`];

describe('chainwright render', () => {
  it("prints the rules of the documents' example, and nothing else", async () => {
    const { exitCode, stdout, stderr } = await chainwright(ARGUMENTS);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const expected = await readFile(join(ROOT, WEBAPP1, 'expected.v4.rules'), 'utf8');
    expect(canonicalRules(`${stdout}\n`)).toBe(expected);
    expect(stdout).toContain('--dport 30080');
    expect(stdout.match(/--probability 0\.50000000000/g)).toHaveLength(1);
  });

  it('reads from standard input', async () => {
    const manifest = await readFile(join(ROOT, WEBAPP1, 'cluster.yaml'), 'utf8');
    const { stdout } = await chainwright(['render', '-f', '-', '--cluster-cidr', '10.244.0.0/16'], manifest);
    expect(stdout).toBe((await chainwright(ARGUMENTS)).stdout);
  });

  it('needs neither root nor the tools', async () => {
    // Root without any capability may do what anybody may, and still read a clone in root's home.
    const { exitCode, stdout } = await execa(
      '/usr/bin/setpriv',
      ['--bounding-set=-all', '--inh-caps=-all', process.execPath, BUNDLE, ...ARGUMENTS],
      { cwd: ROOT, reject: false, env: { PATH: '/nonexistent' }, extendEnv: false },
    );
    expect(exitCode).toBe(0);
    expect(stdout).toContain('KUBE-SVC-X42AMYO3K4UIBY54');
  });

  it('writes a file for each family', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'chainwright-test-'));
    try {
      const folder = 'rules/nodeport/dual-stack';
      const { exitCode, stdout } = await chainwright([
        ...['render', '-f', `${folder}/cluster.yaml`, '--config', `${folder}/config.yaml`],
        ...['--family', 'all', '--out-dir', directory],
      ]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
      expect(await readdir(directory)).toEqual(['ipv4.rules', 'ipv6.rules']);
      const expected = await readFile(join(ROOT, folder, 'expected.v6.rules'), 'utf8');
      expect(canonicalRules(await readFile(join(directory, 'ipv6.rules'), 'utf8'))).toBe(expected);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('prints each rule as data beside its text', async () => {
    const { stdout } = await chainwright([...ARGUMENTS, '--output', 'json']);
    const { family, tables } = JSON.parse(stdout) as {
      family: string;
      tables: { name: string; chains: { name: string; rules: { text: string }[] }[] }[];
    };
    expect(family).toBe('ipv4');
    expect(tables.map(({ name }) => name)).toEqual(['filter', 'nat']);
    const chain = tables[1]?.chains.find(({ name }) => name === 'KUBE-MARK-MASQ');
    expect(chain?.rules).toEqual([
      {
        text: '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
        matches: [],
        target: { kind: 'setMark', mark: 0x4000 },
      },
    ]);
  });

  it('lays the chains out as it is told, with comments or without', async () => {
    const { stdout: classic } = await chainwright([...ARGUMENTS, '--layout', 'classic']);
    const { stdout: indexed } = await chainwright([...ARGUMENTS, '--layout', 'indexed']);
    const { stdout: bare } = await chainwright([...ARGUMENTS, '--layout', 'indexed', '--comments', 'never']);
    const nodePort = (text: string) => text.split('\n').find((line) => line.includes('--dport 30080'));
    const label = '-m comment --comment "default/webapp1-nodeport-svc"';
    const lead = '-A KUBE-NODEPORTS -p tcp';
    const target = '-j KUBE-EXT-X42AMYO3K4UIBY54';
    expect(nodePort(classic)).toBe(`${lead} ${label} -m tcp --dport 30080 ${target}`);
    expect(nodePort(indexed)).toBe(`${lead} -m tcp --dport 30080 ${label} ${target}`);
    expect(nodePort(bare)).toBe(`${lead} -m tcp --dport 30080 ${target}`);
    // Of one endpoint and of two, the last stands in the chain of the service.
    expect(classic.match(/^:KUBE-SEP-/gm)).toHaveLength(3);
    expect(indexed.match(/^:KUBE-SEP-/gm)).toHaveLength(1);
  });

  it('ends quietly when its reader goes away', async () => {
    const { exitCode, stderr } = await execa('head', ['-n', '1'], {
      stdin: execa(process.execPath, [BUNDLE, ...ARGUMENTS], { cwd: ROOT }).stdout,
      reject: false,
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  it('prints its help to a reader that goes away', async () => {
    const script = '"$0" "$1" run --help | head -n 1';
    const { stdout, stderr } = await execa('sh', ['-c', script, process.execPath, BUNDLE]);
    expect({ stdout, stderr }).toEqual({ stdout: 'Usage: chainwright run [options]', stderr: '' });
  });

  it.each([
    [['render'], "required option '-f, --filename <path>' not specified"],
    [['render', '-f', '/nowhere.yaml'], '/nowhere.yaml: no such file or directory'],
    [
      ['render', '-f', `${WEBAPP1}/cluster.yaml`, '--family', 'all'],
      '--family all: needs --out-dir, since one output cannot hold the rules of both families',
    ],
    [
      ['render', '-f', `${WEBAPP1}/cluster.yaml`, '--iptables-masquerade-bit', '40'],
      '--iptables-masquerade-bit: expected a whole number from 0 to 31, got 40',
    ],
    [['rendr'], "unknown command 'rendr' (did you mean render?)"],
    [['help', 'rendr'], "unknown command 'rendr' (did you mean render?)"],
    [['render', '--filname', 'x'], "unknown option '--filname' (did you mean --filename?)"],
    [['render', 'a.yaml'], 'unexpected "a.yaml": manifests are named by -f, each by one of its own'],
    [['render', '-f', 'a', 'b'], 'unexpected "b": manifests are named by -f, each by one of its own'],
    [
      ['render', '-f', 'a', '-o', 'jsn'],
      '--output: expected restore or json (did you mean json?), got "jsn"',
    ],
    [
      ['render', '-f', '-'],
      'standard input: expected manifests, got nothing (a List without items stands for no objects)',
    ],
    [
      ['render', '-f', `${WEBAPP1}/cluster.yaml`, '--family', 'all', '--out-dir', '/dev/null/rules'],
      '/dev/null/rules: not a directory, or part of the path is none',
      2,
    ],
  ])('%j fails and says why', async (args, message, code = 1) => {
    const { exitCode, stdout, stderr } = await chainwright(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' });
    expect(stderr.split('\n')[0]).toBe(`error: ${message}`);
  });

  it('warns of a node that is not there, and names one that is nearly so', async () => {
    const { exitCode, stderr } = await chainwright([...ARGUMENTS, '--hostname-override', 'node-x']);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('warning: Node node-x is not in the manifests (did you mean node-a');
  });

  it('says that a family that nobody asked for may be the wrong one', async () => {
    const service = 'apiVersion: v1, kind: Service, metadata: {name: a}';
    const manifest = `{${service}, spec: {clusterIP: "fd00::1", ipFamilies: [IPv6], ports: [{port: 80}]}}`;
    const warned =
      "warning: the rules are ipv4, the node's first family, and no service has it: see --family ipv6";
    expect((await chainwright(['render', '-f', '-'], manifest)).stderr.split('\n')).toContain(warned);
    const { stderr } = await chainwright(['render', '-f', '-', '--family', 'ipv4'], manifest);
    expect(stderr).not.toContain(warned);
  });

  it('warns on standard error, and prints rules all the same', async () => {
    const manifest =
      '{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: NodePort, ports: [{port: 80}]}}';
    const { exitCode, stdout, stderr } = await chainwright(['render', '-f', '-'], manifest);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^\*filter\n/);
    expect(stderr.split('\n').every((line) => line.startsWith('warning: '))).toBe(true);
    expect(stderr.split('\n')).toHaveLength(3);
  });
});

describe('the tests themselves', () => {
  it('run on the Node that the product asks for', () => {
    expect(Number(process.versions.node.split('.')[0])).toBeGreaterThanOrEqual(24);
  });
});
