import { once } from 'node:events';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { BUNDLE } from '../cli/chainwright.ts';
import { ROOT } from '../support/cases.ts';
import { deployed, type Container } from '../unit/manifests/deployed.ts';
import { confine, type Confinement } from './confined.ts';
import { untilSomebodyListens } from './listening.ts';
import { makeNamespace, output, type Namespace } from './namespace.ts';
import { HOST_FLAGS, startProxy, type Proxy } from './traffic/proxy.ts';

/* With exactly what manifests/base gives it, the daemon does all its work; with anything less it does not. */

const { chainwright } = deployed('base');
const CAPABILITIES = chainwright.securityContext?.capabilities?.add ?? [];

function without(capability: string): Container {
  const add = CAPABILITIES.filter((each) => each !== capability);
  return {
    ...chainwright,
    securityContext: { ...chainwright.securityContext, capabilities: { drop: ['ALL'], add } },
  };
}

interface Stage extends AsyncDisposable {
  readonly node: Namespace;
  readonly confinement: Confinement;
  readonly start: (container: Container) => Proxy;
  readonly run: (
    container: Container,
    ...command: readonly string[]
  ) => Promise<{ exitCode: number | undefined; text: string }>;
}

async function makeStage(): Promise<Stage> {
  const resources = new AsyncDisposableStack();
  const node = resources.use(await makeNamespace());
  await output(node, 'ip', 'link', 'set', 'lo', 'up');
  const confinement = resources.use(await confine(node));
  return {
    node,
    confinement,
    start: (container) => {
      const args = (container.args ?? []).map((arg) => arg.replace('$(NODE_NAME)', 'node-a'));
      const source = ['--source', `dir:${join(ROOT, 'manifests/examples')}`];
      const proxy = startProxy(confinement.as(container), [
        process.execPath,
        BUNDLE,
        ...args,
        ...source,
        ...HOST_FLAGS,
      ]);
      resources.defer(() => proxy.kill('everything'));
      return proxy;
    },
    run: async (container, ...command) => {
      const [file, ...args] = confinement.as(container).via;
      const { exitCode, all } = await execa(file, [...args, ...command], { reject: false, all: true });
      return { exitCode, text: all };
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const WRITTEN = '--dport 30080';

/** The kernel's numbers. */
const BITS: Readonly<Record<string, bigint>> = { NET_ADMIN: 12n, NET_RAW: 13n };

describe('confined as manifests/base says', () => {
  it('it holds the capabilities of the manifest, and can write nothing', async () => {
    await using stage = await makeStage();
    const { text } = await stage.run(chainwright, 'cat', '/proc/self/status');
    const wanted = CAPABILITIES.reduce((set, name) => set | (1n << (BITS[name] ?? 63n)), 0n);
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) {
      expect(text).toMatch(new RegExp(`^${set}:\\s*${wanted.toString(16).padStart(16, '0')}$`, 'm'));
    }
    expect(text).toMatch(/^NoNewPrivs:\s*1$/m);
    for (const file of [
      '/file',
      '/tmp/file',
      '/run/file',
      '/run/xtables.lock',
      '/etc/file',
      '/var/lib/chainwright/file',
      '/proc/sys/net/ipv4/ip_forward',
    ]) {
      const { exitCode, text: refusal } = await stage.run(chainwright, 'sh', '-c', `echo 1 > ${file}`);
      expect([exitCode, refusal], file).toEqual([
        expect.any(Number),
        expect.stringMatching(/Read-only file system/),
      ]);
      expect(exitCode).not.toBe(0);
    }
  });

  it.each(['nft', 'legacy'] as const)(
    'it writes rules, deletes connections and answers probes, %s',
    async (kind) => {
      await using stage = await makeStage();
      const { node } = stage;
      await output(node, `iptables-${kind}`, '-t', 'mangle', '-N', 'KUBE-KUBELET-CANARY');
      const proxy = stage.start(chainwright);
      const nat = () => output(node, `iptables-${kind}-save`, '-t', 'nat');
      await expect.poll(nat, { timeout: 30_000 }).toContain(WRITTEN);
      if (kind === 'nft') {
        await output(node, 'iptables-nft', '-t', 'nat', '-F');
        await expect.poll(proxy.log, { timeout: 30_000 }).toContain('damage=flush');
        await expect.poll(nat, { timeout: 30_000 }).toContain(WRITTEN);
        // The kernel tells who may manage the network what others do to the rules.
        await untilSomebodyListens(node);
      }
      const { port, path } = chainwright.livenessProbe?.httpGet ?? {};
      expect(await output(node, 'curl', '-sf', `http://127.0.0.1:${String(port)}${String(path)}`)).toContain(
        'healthy',
      );
      const entry = ['-p', 'udp', '-s', '10.0.0.1', '-d', '10.0.0.2', '--sport', '1000', '--dport', '53'];
      await output(node, 'conntrack', '-I', ...entry, '-t', '60');
      expect(await stage.run(chainwright, 'conntrack', '-D', '-p', 'udp')).toMatchObject({ exitCode: 0 });
      expect(await proxy.stop(), proxy.log()).toBe(0);
      expect(proxy.log()).not.toMatch(/EROFS|EACCES|EPERM|not permitted|permission denied/i);
    },
  );
});

/** What becomes of a node with legacy rules. */
const LACKING: Readonly<Record<string, (stage: Stage, proxy: Proxy) => Promise<void>>> = {
  NET_ADMIN: async (_, proxy) => {
    expect(await proxy.ended).not.toBe(0);
    expect(proxy.log()).toContain('Permission denied');
  },
  // The legacy tables cannot be seen at all, so that the rules go where nobody else's are.
  NET_RAW: async ({ node }, proxy) => {
    await expect.poll(proxy.log, { timeout: 30_000 }).toContain('backend=nft');
    await expect.poll(() => output(node, 'iptables-nft-save'), { timeout: 30_000 }).toContain(WRITTEN);
  },
};

describe('confined further', () => {
  it.each(CAPABILITIES)('without %s a node goes without its rules', async (capability) => {
    await using stage = await makeStage();
    await output(stage.node, 'iptables-legacy', '-t', 'mangle', '-N', 'KUBE-KUBELET-CANARY');
    const proxy = stage.start(without(capability));
    await LACKING[capability]?.(stage, proxy);
    expect(await output(stage.node, 'iptables-legacy-save', '-t', 'nat')).not.toContain(WRITTEN);
    expect(Object.keys(LACKING)).toContain(capability);
  });

  it('without the lock of the host, legacy rules cannot be written; with it, the lock of others holds', async () => {
    await using stage = await makeStage();
    const { node } = stage;
    const command = ['iptables-legacy', '-w', '1', '-t', 'nat', '-N'];
    const holder = execa(
      node.via[0],
      [...node.via.slice(1), 'flock', '/run/xtables.lock', 'sh', '-c', 'echo held; cat'],
      {
        stdin: 'pipe',
        buffer: false,
      },
    );
    await once(holder.stdout, 'data');
    const held = await stage.run(chainwright, ...command, 'X');
    expect(held).toMatchObject({
      exitCode: 4,
      text: expect.stringContaining('holding the xtables lock') as string,
    });
    holder.stdin.end();
    await holder;
    expect(await stage.run(chainwright, ...command, 'X')).toMatchObject({ exitCode: 0 });
    await output(node, 'rm', '/run/xtables.lock');
    const { exitCode, text } = await stage.run(chainwright, ...command, 'Y');
    expect({ exitCode, text }).toMatchObject({
      exitCode: 4,
      text: expect.stringContaining('Read-only') as string,
    });
  });
});
