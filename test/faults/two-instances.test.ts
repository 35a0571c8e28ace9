import { describe, expect, it } from 'vitest';
import { makeNamespace, output } from '../kernel/namespace.ts';
import { IS_LONG, makeScene, PATIENCE, type Scene } from './scene.ts';

/* Two daemons on one node, as in a rolling update of the DaemonSet, or where somebody made a mistake. */

const WAITS = 'another instance runs on this node; waiting for its end';
const CURRENT = 'rules are current family=ipv4';

async function livez({ node }: Scene): Promise<string> {
  const curl = ['curl', '--silent', '--output', '/dev/null', '--write-out', '%{http_code}'];
  return await output(node, ...curl, 'http://127.0.0.1:10256/livez');
}

describe('a second instance', () => {
  it(
    'waits with a word while the first goes on, and takes over when that ends or is killed',
    { timeout: 120_000 },
    async () => {
      await using scene = await makeScene('nft');
      const first = scene.proxy();
      const second = scene.start();
      await expect.poll(second.log, PATIENCE).toContain(WAITS);
      await scene.expectSettled(await scene.edit());
      expect(await livez(scene)).toBe('200');
      expect(second.log()).not.toContain(CURRENT);

      expect(await first.stop(), first.log()).toBe(0);
      await expect.poll(second.log, PATIENCE).toContain(CURRENT);
      await scene.expectSettled(await scene.edit());

      const third = scene.start();
      const fourth = scene.start();
      await expect.poll(third.log, PATIENCE).toContain(WAITS);
      await expect.poll(fourth.log, PATIENCE).toContain(WAITS);
      expect(await fourth.stop(), fourth.log()).toBe(0);
      await second.kill('process');
      await expect.poll(third.log, PATIENCE).toContain(CURRENT);
      await scene.expectSettled(await scene.edit());
      expect(third.log()).not.toContain('ERROR');
    },
  );

  it('in another network namespace does not wait', async () => {
    await using scene = await makeScene('nft');
    await using other = await makeNamespace();
    await output(other, 'ip', 'link', 'set', 'lo', 'up');
    const neighbour = scene.start([], undefined, other);
    await expect.poll(neighbour.log, PATIENCE).toContain(CURRENT);
    expect(neighbour.log()).not.toContain(WAITS);
  });

  it.runIf(IS_LONG)(
    'begins beside one that hangs, after a minute, and both agree when that goes on',
    { timeout: 180_000 },
    async () => {
      await using scene = await makeScene('nft');
      const first = scene.proxy();
      process.kill(first.pid, 'SIGSTOP');
      const desired = await scene.edit();
      const second = scene.start();
      const long = { timeout: 90_000, interval: 200 };
      await expect.poll(second.log, long).toContain('does not end; this one begins beside it');
      await scene.expectSettled(desired);
      process.kill(first.pid, 'SIGCONT');
      await scene.expectSettled(await scene.edit());
      await scene.expectSettled(await scene.edit('services and node'));
    },
  );
});
