import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { startLab } from '../../src/lab/lab.ts';
import { play } from '../../src/lab/play.ts';
import { NODE } from '../../src/lab/topology.ts';
import { footprintOf, mounts, remainsOf } from './lab/processes.ts';
import { loadExample, sceneOf } from './lab/scenes.ts';

const SCRIPT = fileURLToPath(new URL('lab/run-lab.ts', import.meta.url));
const EXAMPLE = 'webapp1-nodeport.yaml';

/** The command as a process of its own. */
function runScript(args: readonly string[], prefix: readonly string[] = []) {
  const [file, ...rest] = [
    ...prefix,
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    SCRIPT,
    ...args,
  ];
  // Node's own PATH is vitest's, without its options.
  const env = { PATH: process.env.PATH };
  return execa(file ?? '', rest, { reject: false, extendEnv: false, env, cleanup: true });
}

describe('the table of webapp1', () => {
  it('shows where requests arrived, by which share and from which source', async () => {
    const { stdout, stderr, exitCode } = await runScript([EXAMPLE]);
    expect(exitCode, stderr).toBe(0);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^DESTINATION +FROM +ARRIVED AT +EXPECTED +SEEN +SOURCE SEEN +VERDICT$/);
    expect(lines[1]).toBe('default/webapp1-nodeport-svc');
    expect(lines[2]).toMatch(
      /^ {2}node port 192\.168\.77\.10:30080\/tcp +outside 192\.168\.77\.100 +10\.32\.0\.3:80 +50 % +\d+ % +192\.168\.77\.10 \(node\) +ok$/,
    );
    expect(lines[3]).toMatch(/^ +10\.32\.0\.5:80 +50 % +\d+ % +192\.168\.77\.10 \(node\)$/);
    const columns = [...(lines[0] ?? '').matchAll(/\S+( \S+)*/g)].map(({ index }) => index);
    expect(columns.every((column) => column === 0 || lines[2]?.slice(column - 2, column) === '  ')).toBe(
      true,
    );
    expect(lines.filter((line) => line.endsWith(' ok'))).toHaveLength(7);
    expect(lines.at(-1)).toBe('All 7 checks are as expected, 280 requests.');
  });

  it('is JSON for machines', async () => {
    const { stdout, exitCode } = await runScript(['output=json', 'requests=10', EXAMPLE]);
    expect(exitCode).toBe(0);
    const report = JSON.parse(stdout) as { ok: boolean; checks: { destination: object; expected: object }[] };
    expect(report.ok).toBe(true);
    expect(report.checks[0]).toMatchObject({
      service: 'default/webapp1-nodeport-svc',
      destination: { kind: 'nodePort', address: '192.168.77.10', port: 30080, protocol: 'tcp' },
      from: { kind: 'outside', address: '192.168.77.100' },
      requests: 10,
      ok: true,
    });
  });
});

describe('a wrong rule', () => {
  it('that masquerades nobody is found by the source that pods see', async () => {
    await using lab = await startLab(await loadExample(EXAMPLE), { backend: 'nft' });
    const [file, ...args] = lab.via(NODE);
    const accept = ['iptables-nft', '-t', 'nat', '-I', 'POSTROUTING', '-s', '192.168.77.100', '-j', 'ACCEPT'];
    await execa(file, [...args, ...accept]);
    const [nodePort] = await play(lab, 20);
    expect(nodePort?.complaints).toContain("10.32.0.3:80 sees 192.168.77.100, expected the node's address");
  });

  it('that forgets a pod is found by the shares', async () => {
    await using lab = await startLab(await loadExample(EXAMPLE), { backend: 'nft' });
    const [file, ...args] = lab.via(NODE);
    const favour = '-d 192.168.77.10 -p tcp --dport 30080 -j DNAT --to-destination 10.32.0.3:80';
    const command = ['iptables-nft', '-t', 'nat', '-I', 'PREROUTING', ...favour.split(' ')];
    await execa(file, [...args, ...command]);
    const [nodePort] = await play(lab, 40);
    expect(nodePort?.complaints).toContain('10.32.0.5:80 gets nothing');
  });
});

describe('nothing is left behind', () => {
  const signals = [
    ['SIGINT', 'building', 130],
    ['SIGINT', 'sending', 130],
    ['SIGTERM', 'sending', 143],
    ['SIGKILL', 'building', undefined],
    ['SIGKILL', 'sending', undefined],
  ] as const;
  it.each(signals)('after %s while it is %s', async (signal, moment, code) => {
    const mountsBefore = mounts();
    const child = runScript(['requests=100000', EXAMPLE]);
    await saying(child, moment);
    // Into the midst of what comes after the line.
    await sleep(moment === 'building' ? 60 : 200);
    const footprint = footprintOf(child.pid ?? 0);
    expect(footprint.namespaces.size).toBeGreaterThan(2);
    child.kill(signal);
    const result = await child;
    if (code === undefined) expect(result.signal).toBe(signal);
    else expect(result.exitCode, result.stderr).toBe(code);
    expect(await remainsOf(footprint)).toEqual([]);
    expect(mounts()).toEqual(mountsBefore);
  });

  it('after a failure while it is built', async () => {
    const flags = { 'detect-local-mode': ['BridgeInterface'], 'pod-bridge-interface': ['eth0'] };
    const scene = sceneOf([{ name: 'web', spec: { clusterIP: '10.96.0.10', ports: [{ port: 80 }] } }], flags);
    let footprint = footprintOf(process.pid);
    const watching = setInterval(() => {
      const now = footprintOf(process.pid);
      if (now.namespaces.size > footprint.namespaces.size) footprint = now;
    }, 5);
    await expect(startLab(scene)).rejects.toThrow('node: ip link add eth0 type bridge: ');
    clearInterval(watching);
    expect(footprint.namespaces.size).toBeGreaterThan(2);
    const inside = { processes: new Set<number>(), namespaces: footprint.namespaces };
    expect(await remainsOf(inside)).toEqual([]);
  });

  it('after a kept lab is removed as it says', async () => {
    const { stderr, exitCode } = await runScript(['keep', 'requests=10', EXAMPLE]);
    expect(exitCode, stderr).toBe(0);
    const keeper = Number(/^Remove it: kill (\d+)$/m.exec(stderr)?.[1]);
    const [file = '', ...args] = (/^ {2}pod-10\.32\.0\.3 +(.*) bash$/m.exec(stderr)?.[1] ?? '').split(' ');
    const inside = await execa(file, [...args, 'ip', '-brief', 'address']);
    const holder = Number(/\/proc\/(\d+)\//.exec(args.join(' '))?.[1]);
    const footprint = footprintOf(holder);
    process.kill(keeper);
    expect(inside.stdout).toContain('10.32.0.3/32');
    expect(await remainsOf(footprint)).toEqual([]);
  });
});

describe('without root', () => {
  it('it plays in a user namespace, or says what it needs', async () => {
    const { stdout, stderr, exitCode } = await runScript([EXAMPLE], await unprivileged());
    if (exitCode === 0) expect(stdout).toContain('All 7 checks are as expected');
    else expect(stderr).toContain('error: expected to be root, or to be on a kernel that lets every user');
    const allowed = Number(readFileSync('/proc/sys/user/max_user_namespaces', 'utf8')) > 0;
    expect([0, ...(allowed ? [] : [2])]).toContain(exitCode);
  });

  it('it says what it needs where user namespaces are forbidden', async () => {
    const { stderr, exitCode } = await runScript(
      ['refused', EXAMPLE],
      ['unshare', '--user', '--map-root-user'],
    );
    expect(exitCode, stderr).toBe(2);
    expect(stderr).toMatch(
      /error: expected to be root, or .*user\.max_user_namespaces above 0.*, got: unshare: unshare failed: /,
    );
  });
});

/** A command that runs others as somebody who can read these files and nothing more. */
async function unprivileged(): Promise<readonly string[]> {
  if (process.getuid?.() !== 0) return [];
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const [file = '', ...args] = nobody;
  const { failed } = await execa(file, [...args, 'cat', SCRIPT], { reject: false, stdout: 'ignore' });
  if (!failed) return nobody;
  // Others may not read here: their owner, without root's powers where that is root.
  const { uid, gid } = statSync(SCRIPT);
  const owner = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  return ['setpriv', ...owner, '--bounding-set=-all', '--inh-caps=-all'];
}

/** Settles when the command's progress has come to a line that starts so. */
function saying({ stderr }: ReturnType<typeof runScript>, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    stderr.on('data', (chunk) => {
      said += String(chunk);
      if (said.split('\n').some((line) => line.startsWith(word))) resolve();
    });
    stderr.on('end', () => reject(new Error(`it ended without saying ${word}: ${said}`)));
  });
}
