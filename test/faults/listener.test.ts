import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { untilSomebodyListens } from '../kernel/listening.ts';
import { output } from '../kernel/namespace.ts';
import type { Fault } from './faulty-tools.ts';
import { IS_LONG, makeScene, PATIENCE, type Scene } from './scene.ts';

/* The tool that listens to the kernel is gone, and what others take is found all the same. */

const FAULTS: readonly (readonly [string, Fault])[] = [
  ['fails', { kind: 'exit', code: 1 }],
  ...(IS_LONG ? [['prints noise', { kind: 'garbage' }] as const] : []),
];

it(
  'a listener that is killed, and fails from then on, is made up for by looking',
  {
    timeout: 120_000,
  },
  async () => {
    await using scene = await makeScene('nft');
    const { node, tools } = scene;
    for (const [title, fault] of FAULTS) {
      await untilSomebodyListens(node);
      await tools.set('xtables-monitor', fault);
      process.kill(await listenerOf(scene), 'SIGKILL');
      await expect.poll(tools.felt, PATIENCE).toBeGreaterThan(0);
      scene.newLog();
      // Nothing that the client needs.
      await output(node, 'iptables-nft', '-t', 'filter', '-F', 'KUBE-FORWARD');
      let log = '';
      // Found by a look, or by the comparison that is due since nobody listens, whichever comes first.
      await expect
        .poll(() => (log += scene.newLog()), { ...PATIENCE, message: title })
        .toMatch(/damage=(flush|chain)/);
      await scene.expectSettled(await scene.edit());
      await tools.mend();
    }
  },
);

/** Its process, which the daemon has started. */
async function listenerOf({ proxy }: Scene): Promise<number> {
  for (const name of await readdir('/proc')) {
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '');
    const isOurs = status.includes(`\nPPid:\t${proxy().pid}\n`);
    if (isOurs && /^Name:\t(xtables-monitor|xtables-nft-mul)/.test(status)) return Number(name);
  }
  throw new Error('nobody listens');
}
