import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { output } from '../kernel/namespace.ts';
import { IS_LONG, makeScene, PATIENCE, type Scene } from './scene.ts';
import { starve } from './starve.ts';

/* What the machine may do to the daemon. Each test is a row of the table in README.md. */

const HOUR = 3_600_000;
const CLOCK = join(import.meta.dirname, 'clock.mjs');
/** How long a process is halted. */
const HALT = IS_LONG ? 180_000 : 3_000;
const TIMEOUT = { timeout: 2 * HALT + 120_000 };

/** Where the lock of the legacy tables lies: mounted anew, and as it was when disposed of. */
async function overRun({ node }: Scene, options: string): Promise<AsyncDisposable> {
  await output(node, 'mount', '-t', 'tmpfs', '-o', options, 'tmpfs', '/run');
  return {
    [Symbol.asyncDispose]: async () => {
      await output(node, 'umount', '/run');
    },
  };
}

describe('services that nobody touches lose nothing, and the rest is mended, legacy', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await makeScene('legacy');
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  it.each([
    { title: 'can only be read', options: 'ro', told: 'Read-only file system' },
    { title: 'is full', options: 'size=4k,nr_inodes=1', told: 'No space left on device' },
  ])('where the directory of the lock $title', TIMEOUT, async ({ options, told }) => {
    scene.newLog();
    const run = await overRun(scene, options);
    const desired = await scene.edit();
    let log = '';
    await expect.poll(() => (log += scene.newLog()), PATIENCE).toContain(told);
    await run[Symbol.asyncDispose]();
    await scene.expectSettled(desired);
    expect(log + scene.newLog()).not.toContain('the kernel refuses the rules of a service');
  });
});

describe.each(IS_LONG ? (['nft', 'legacy'] as const) : (['nft'] as const))(
  'services that nobody touches lose nothing, and the rest is mended, %s',
  (kind) => {
    let scene: Scene;
    const fileOf = (directory: string): string => join(directory, 'clock-shift');
    /** Sets the daemon's wall clock wrong by so many milliseconds. */
    const shiftClock = (milliseconds: number) => writeFile(fileOf(scene.directory), String(milliseconds));
    /** The daemon has logged something at the time that it takes it for. */
    const expectShifted = async (milliseconds: number): Promise<void> => {
      let log = '';
      const distance = (): number => {
        log += scene.newLog();
        const times = [...log.matchAll(/^\S+Z/gm)].map(([time]) => Date.parse(time));
        return Math.min(...times.map((time) => Math.abs(time - milliseconds - Date.now())));
      };
      await expect.poll(distance, PATIENCE).toBeLessThan(HOUR / 2);
    };
    beforeAll(async () => {
      const via = (directory: string) => [
        `CLOCK_SHIFT=${fileOf(directory)}`,
        `NODE_OPTIONS=--import=${CLOCK}`,
      ];
      scene = await makeScene(kind, via);
    });
    afterAll(() => scene[Symbol.asyncDispose]());

    it('when it may open no more files', TIMEOUT, async () => {
      const { pid } = scene.proxy();
      const limit = (soft: string) => execa('prlimit', ['--pid', String(pid), `--nofile=${soft}:`]);
      scene.newLog();
      const open = (await readdir(`/proc/${pid}/fd`)).length;
      await limit(String(Math.min(open, 3)));
      const desired = await scene.edit();
      let log = '';
      const told = 'the system has no room for another process: EMFILE';
      await expect.poll(() => (log += scene.newLog()), PATIENCE).toContain(told);
      await limit('1024');
      await scene.expectSettled(desired);
      expect(log + scene.newLog()).not.toContain('the kernel refuses the rules of a service');
    });

    it('when it is halted and goes on', TIMEOUT, async () => {
      const { pid } = scene.proxy();
      process.kill(pid, 'SIGSTOP');
      await scene.edit();
      await sleep(HALT);
      const desired = await scene.edit('services and node');
      await scene.expectNoLoss();
      process.kill(pid, 'SIGCONT');
      await scene.expectSettled(desired);
    });

    it.each([
      { title: 'ten years forward', shift: 10 * 365 * 24 * HOUR },
      { title: 'a day back', shift: -24 * HOUR },
    ])('when the clock jumps $title', TIMEOUT, async ({ shift }) => {
      scene.newLog();
      await shiftClock(shift);
      await scene.expectSettled(await scene.edit('services and node'));
      await expectShifted(shift);
      await shiftClock(0);
      await scene.expectSettled(await scene.edit());
    });

    it('when the machine sleeps for an hour', TIMEOUT, async () => {
      const { pid } = scene.proxy();
      process.kill(pid, 'SIGSTOP');
      await sleep(HALT);
      await shiftClock(HOUR);
      const desired = await scene.edit('services and node');
      scene.newLog();
      process.kill(pid, 'SIGCONT');
      await scene.expectSettled(desired);
      await expectShifted(HOUR);
      await shiftClock(0);
    });

    it('when it gets a twentieth of a processor', TIMEOUT, async () => {
      const hunger = await starve(scene.proxy().pid);
      try {
        for (let round = 0; round < (IS_LONG ? 20 : 2); round += 1)
          await scene.expectSettled(await scene.edit());
      } finally {
        await hunger[Symbol.asyncDispose]();
      }
      await scene.expectSettled(await scene.edit('services and node'));
    });
  },
);
