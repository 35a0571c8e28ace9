import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { deployed, type Container } from '../unit/manifests/deployed.ts';
import { startContainer, type Ended } from './crun.ts';
import { buildRootfs, makeNode, type TestNode } from './node.ts';
import { ociConfig } from './oci.ts';

let rootfs: Awaited<ReturnType<typeof buildRootfs>>;
beforeAll(async () => {
  rootfs = await buildRootfs();
});
afterAll(() => rootfs.remove());

const { chainwright, prepareNode } = deployed('base');

/** Runs a command where the manifests run chainwright. */
async function inside(
  node: TestNode,
  command: readonly string[],
  input = '',
  container = chainwright,
): Promise<Ended> {
  return await startContainer(ociConfig(container, node.place, command), input);
}

function shell(node: TestNode, script: string, container = chainwright): Promise<Ended> {
  return inside(node, ['sh', '-c', script], '', container);
}

/** The container without a capability, to see what it is for. */
function without(capability: string): Container {
  const add = chainwright.securityContext?.capabilities?.add?.filter((each) => each !== capability) ?? [];
  return {
    ...chainwright,
    securityContext: { ...chainwright.securityContext, capabilities: { drop: ['ALL'], add } },
  };
}

describe('the container that stays', () => {
  test('is as confined as its manifest says', async () => {
    await using node = await makeNode(rootfs.path);
    const { stdout } = await shell(node, 'grep -E "^(Uid|Cap|NoNewPrivs)" /proc/self/status');
    const status = new Map(stdout.split('\n').map((line) => line.split(/:\s+/) as [string, string]));
    // NET_ADMIN is the 12th, NET_RAW the 13th bit.
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) expect(status.get(set)).toBe('0000000000003000');
    for (const set of ['CapInh', 'CapAmb']) expect(status.get(set)).toBe('0000000000000000');
    expect(status.get('NoNewPrivs')).toBe('1');
  });

  test.each([
    '/file',
    '/usr/local/lib/chainwright/compile-cache/file',
    '/tmp/file',
    '/var/lib/chainwright/file',
  ])('cannot write %s', async (file) => {
    await using node = await makeNode(rootfs.path);
    expect((await shell(node, `touch ${file}`)).stderr).toContain('Read-only file system');
  });

  test('cannot change settings of the kernel', async () => {
    await using node = await makeNode(rootfs.path);
    const { stderr } = await shell(node, 'echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet');
    expect(stderr).toContain('Read-only file system');
  });

  test('has chainwright, of this version, by its name', async () => {
    await using node = await makeNode(rootfs.path);
    expect(await inside(node, ['chainwright', '--version'])).toEqual({
      exitCode: 0,
      stdout: packageJson.version,
      stderr: '',
    });
  });

  test('finds its code compiled', async () => {
    await using node = await makeNode(rootfs.path);
    const traced = ['env', 'NODE_DEBUG_NATIVE=COMPILE_CACHE', 'chainwright', '--version'];
    const { stdout, stderr } = await inside(node, traced);
    expect(stdout + stderr).toMatch(/chainwright\.mjs was accepted/);
  });

  test.each(['iptables-nft', 'ip6tables-nft', 'iptables-legacy', 'ip6tables-legacy'])(
    'writes, reads and removes rules that render makes, by %s',
    async (tool) => {
      await using node = await makeNode(rootfs.path);
      const family = tool.startsWith('ip6') ? 'ipv6' : 'ipv4';
      const file = '/usr/share/chainwright/example.yaml';
      const rendered = await inside(node, [
        ...['chainwright', 'render', '-f', file, '--hostname-override', 'node-a', '--family', family],
      ]);
      expect(rendered).toMatchObject({ exitCode: 0, stderr: '' });
      expect(rendered.stdout).toContain(':KUBE-SERVICES - [0:0]');

      const restore = [`${tool}-restore`, '-w', '5', '--noflush', '--counters'];
      expect(await inside(node, restore, `${rendered.stdout}\n`)).toMatchObject({ exitCode: 0 });
      const saved = await inside(node, [`${tool}-save`, '-t', 'nat']);
      expect(saved.stdout).toContain('-A KUBE-POSTROUTING');
      const canary = await shell(
        node,
        `${tool} -w 5 -t mangle -N CANARY && ${tool} -w 5 -t mangle -X CANARY`,
      );
      expect(canary).toMatchObject({ exitCode: 0 });
    },
  );

  test('lists and deletes entries of connections', async () => {
    await using node = await makeNode(rootfs.path);
    const entry = '-p udp -s 10.0.0.1 -d 10.0.0.2 --sport 1000 --dport 53';
    await node.run('sh', '-c', `conntrack -I ${entry} -t 60`);
    expect((await shell(node, 'conntrack -L -p udp')).stdout).toContain('dst=10.0.0.2');
    expect(await shell(node, 'conntrack -D -p udp --orig-dst 10.0.0.2')).toMatchObject({ exitCode: 0 });
    expect((await shell(node, 'conntrack -L -p udp')).stdout).toBe('');
  });
});

describe('each capability is needed', () => {
  test('NET_ADMIN, for rules and connections of every kind', async () => {
    await using node = await makeNode(rootfs.path);
    for (const command of [
      'iptables-nft-save',
      'iptables-nft -t nat -N X',
      'iptables-legacy -t nat -N X',
      'conntrack -L',
    ]) {
      expect((await shell(node, command, without('NET_ADMIN'))).exitCode, command).not.toBe(0);
    }
  });

  test('NET_RAW, for legacy rules, and for these only', async () => {
    await using node = await makeNode(rootfs.path);
    await node.run('iptables-legacy', '-t', 'nat', '-N', 'X');
    const confined = without('NET_RAW');
    expect((await shell(node, 'iptables-legacy -t nat -N Y', confined)).exitCode).not.toBe(0);
    expect((await shell(node, 'iptables-legacy-save', confined)).exitCode).not.toBe(0);
    expect((await shell(node, 'iptables-nft -t nat -N Y', confined)).exitCode).toBe(0);
    expect((await shell(node, 'conntrack -C', confined)).exitCode).toBe(0);
  });

  test('the lock of the host, to wait for others who change legacy rules', async () => {
    await using node = await makeNode(rootfs.path);
    const lock = node.place.volumes['xtables-lock'] ?? '';
    const other = execa('flock', [lock, 'cat'], { stdin: 'pipe' });
    const waited = await eventually(async () => {
      const ended = await shell(node, 'iptables-legacy -w 1 -t nat -N X; echo $?');
      if (ended.stdout !== '4') throw new Error('the other one does not hold the lock yet');
      return ended;
    });
    expect(waited.stderr).toContain('holding the xtables lock');
    other.stdin.end();
    await other;
    expect((await shell(node, 'iptables-legacy -w 1 -t nat -L X')).exitCode).toBe(1);
  });
});

describe('a whole pod', () => {
  /** From manifests, since there is no API; and away from the connections of the whole machine. */
  const ofManifests = (container: Container): Container => ({
    ...container,
    args: [
      ...(container.args ?? []),
      '--source=dir:/manifests',
      ...[
        '--conntrack-max-per-core=0',
        '--conntrack-tcp-timeout-established=0',
        '--conntrack-tcp-timeout-close-wait=0',
      ],
      ...['--iptables-localhost-nodeports=true', '--nodeport-addresses=0.0.0.0/0'],
      '--oom-score-adj=0',
    ],
  });
  const localnet = '/proc/sys/net/ipv4/conf/all/route_localnet';

  test('prepares the node, writes its rules, answers the probes, and ends when told to', async () => {
    await using node = await makeNode(rootfs.path);
    const prepared = await startContainer(ociConfig(ofManifests(prepareNode), node.place));
    expect(prepared.exitCode, prepared.stderr).toBe(0);
    expect(await node.run('cat', localnet)).toBe('1');
    expect(await node.run('iptables-nft-save')).not.toContain('KUBE-');

    const main = startContainer(ociConfig(ofManifests(chainwright), node.place));
    const probe = chainwright.livenessProbe?.httpGet;
    const live = await eventually(() =>
      node.run('curl', '-sf', `http://127.0.0.1:${String(probe?.port)}${String(probe?.path)}`),
    );
    expect(JSON.parse(live)).toMatchObject({ healthy: true });
    const rules = await eventually(() =>
      node.run('sh', '-c', 'iptables-nft-save -t nat | grep 10.103.188.73'),
    );
    expect(rules).toContain('KUBE-SVC-X42AMYO3K4UIBY54');

    const asked = performance.now();
    await main.signal('TERM');
    const { exitCode, stderr } = await main;
    expect(exitCode, stderr).toBe(0);
    expect(performance.now() - asked).toBeLessThan(2000);
    expect(stderr).not.toMatch(/read-only|EROFS|EACCES|not permitted/i);
    expect(await node.run('sh', '-c', 'iptables-nft-save -t nat | grep -c 10.103.188.73')).not.toBe('0');
  });
});

async function eventually<Result>(ask: () => Promise<Result>): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (attempt > 100) throw error;
      await sleep(100);
    }
  }
}
