import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { BUNDLE } from '../cli/chainwright.ts';
import { feed, output } from '../kernel/namespace.ts';
import { loadCaptured } from '../kernel/traffic/kube-proxy.ts';
import { ROOT } from '../support/cases.ts';
import { IS_LONG, makeScene, PATIENCE } from './scene.ts';

/* Over what an older version left: of this program, or of the system. */

const CURRENT = 'rules are current family=ipv4';

describe('after an upgrade of the system from legacy to nft', () => {
  it('what a proxy left in the old store is removed when nothing else is in it, without a lost packet', async () => {
    await using scene = await makeScene('nft');
    const { node, proxy, start, edit, expectSettled } = scene;
    await proxy().stop();
    await loadCaptured(node, 'legacy', 0);
    // Rules for a node that was: whoever meets these first is led astray.
    const stale = '10.96.9.9';
    const rule = `-A KUBE-SERVICES -d ${stale}/32 -j DNAT --to-destination 192.0.2.9`;
    await feed(node, `*nat\n${rule}\nCOMMIT\n`, 'iptables-legacy-restore', '--noflush');
    const next = start();
    await expect
      .poll(next.log, PATIENCE)
      .toContain('removed: ipv4 rules that a service proxy left in iptables-legacy');
    expect(await output(node, 'iptables-legacy-save')).not.toContain('KUBE-');
    await expectSettled(await edit());
    expect(next.log()).toContain('rules will be written backend=nft');
  });

  it('it stays beside rules of others, is told, and goes with --cleanup', async () => {
    await using scene = await makeScene('nft');
    const { node, proxy, start, edit, expectSettled } = scene;
    await proxy().stop();
    await loadCaptured(node, 'legacy', 0);
    const others = '*filter\n-A INPUT -s 192.0.2.1/32 -j DROP\nCOMMIT\n';
    await feed(node, others, 'iptables-legacy-restore', '--noflush');
    const next = start();
    await expect.poll(next.log, PATIENCE).toMatch(/WARN {2}iptables-legacy holds \d+ ipv4 chains/);
    await expectSettled(await edit());
    expect(next.log()).not.toContain('removed:');
    expect(await output(node, 'iptables-legacy-save')).toContain('KUBE-SVC-');

    expect(await next.stop(), next.log()).toBe(0);
    await scene.endTraffic();
    await output(node, process.execPath, BUNDLE, 'run', '--cleanup');
    expect(await output(node, 'iptables-nft-save')).not.toContain('KUBE-SVC-');
    const left = await output(node, 'iptables-legacy-save');
    expect(left).not.toContain('KUBE-');
    expect(left).toContain('-A INPUT -s 192.0.2.1/32 -j DROP');
  });
});

/** The bundle of the commit before this one; undefined where there is none to be had. */
async function previousBundle(directory: string): Promise<string | undefined> {
  const git = await execa({
    cwd: ROOT,
    reject: false,
  })`git archive --output=${join(directory, 'tar')} HEAD~1`;
  if (git.exitCode !== 0) return undefined;
  const sources = join(directory, 'previous');
  await mkdir(sources);
  await execa('tar', ['-xf', join(directory, 'tar'), '-C', sources]);
  await symlink(join(ROOT, 'node_modules'), join(sources, 'node_modules'));
  await execa(process.execPath, ['.esbuild.mjs'], { cwd: sources });
  return join(sources, 'dist/chainwright.mjs');
}

describe.runIf(IS_LONG)('from the build of the commit before', () => {
  it.each(['nft', 'legacy'] as const)(
    'and back to it no connection is lost, %s',
    { timeout: 180_000 },
    async (kind) => {
      const directory = await mkdtemp(join(tmpdir(), 'chainwright-previous-'));
      await using resources = new AsyncDisposableStack();
      resources.defer(() => rm(directory, { recursive: true }));
      const previous = await previousBundle(directory);
      if (previous === undefined) throw new Error('git has no commit before this one');
      await using scene = await makeScene(kind);
      let running = scene.proxy();
      for (const program of [previous, BUNDLE, previous, BUNDLE]) {
        expect(await running.stop(), running.log()).toBe(0);
        const desired = await scene.edit();
        running = scene.start([], program);
        await expect.poll(running.log, PATIENCE).toContain(CURRENT);
        await scene.expectSettled(desired);
        await scene.expectSettled(await scene.edit());
        expect(running.log()).not.toContain('ERROR');
      }
    },
  );
});
