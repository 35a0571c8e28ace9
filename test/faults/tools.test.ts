import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackendKind } from '../../src/iptables/backend.ts';
import type { Fault } from './faulty-tools.ts';
import { IS_LONG, makeScene, PATIENCE, type Scene } from './scene.ts';

/* What the kernel's tools may do to the daemon. Each test is a row of the table in README.md. */

interface Row {
  readonly title: string;
  readonly tools: string;
  readonly fault: Fault;
  /** How the log tells it, where it does. */
  readonly told?: RegExp;
  /** Changes reach the kernel while it lasts. */
  readonly isAside?: boolean;
  /** Where the short form has it. */
  readonly shortOn: BackendKind;
  readonly isLong?: boolean;
}

const ROWS: readonly Row[] = [
  {
    title: 'a restore that is not installed any more',
    tools: '*-restore',
    fault: { kind: 'missing' },
    told: /not installed, or not on the PATH/,
    shortOn: 'nft',
  },
  {
    title: 'a save that is not installed any more',
    tools: '*-save',
    fault: { kind: 'missing' },
    told: /not installed, or not on the PATH/,
    shortOn: 'legacy',
  },
  ...[1, 2, 4, 111].map((code): Row => ({
    title: `a restore that ends with ${code} before it did anything`,
    tools: '*-restore',
    fault: { kind: 'exit', code },
    told: new RegExp(`exit code ${code}`),
    shortOn: code === 1 ? 'nft' : 'legacy',
    isLong: code === 2 || code === 111,
  })),
  {
    title: 'a restore that fails after it did all',
    tools: '*-restore',
    fault: { kind: 'exitAfterwards', code: 1 },
    told: /exit code 1/,
    shortOn: 'nft',
  },
  {
    title: 'a save that ends with 1 before it did anything',
    tools: '*-save',
    fault: { kind: 'exit', code: 1 },
    told: /exit code 1/,
    shortOn: 'nft',
  },
  {
    title: 'a save that fails after it printed all',
    tools: '*-save',
    fault: { kind: 'exitAfterwards', code: 1 },
    told: /exit code 1/,
    shortOn: 'legacy',
    isLong: true,
  },
  {
    title: 'a restore that is killed in the middle',
    tools: '*-restore',
    fault: { kind: 'killed' },
    told: /ended by a signal/,
    shortOn: 'legacy',
  },
  {
    title: 'a save that prints noise and ends well',
    tools: '*-save',
    fault: { kind: 'garbage' },
    told: /did not print what it should/,
    shortOn: 'nft',
  },
  {
    title: 'a save that prints half and ends well',
    tools: '*-save',
    fault: { kind: 'half' },
    told: /did not print what it should/,
    shortOn: 'legacy',
  },
  {
    title: 'a restore that runs out of memory at its start',
    tools: '*-restore',
    fault: { kind: 'memory', kilobytes: 3000 },
    told: /rules could not be written/,
    shortOn: 'nft',
  },
  {
    title: 'a save that runs out of memory at its start',
    tools: '*-save',
    fault: { kind: 'memory', kilobytes: 3000 },
    told: /rules could not be written/,
    shortOn: 'legacy',
    isLong: true,
  },
  {
    title: 'a restore that hangs',
    tools: '*-restore',
    fault: { kind: 'hangs' },
    told: /did not end in time and was stopped/,
    shortOn: 'nft',
    isLong: true,
  },
  {
    title: 'a save that hangs',
    tools: '*-save',
    fault: { kind: 'hangs' },
    told: /did not end in time and was stopped/,
    shortOn: 'nft',
    isLong: true,
  },
  {
    title: 'a look at the rules that fails',
    tools: 'iptables-@(nft|legacy)',
    fault: { kind: 'exit', code: 4 },
    told: /looking after the rules failed/,
    isAside: true,
    shortOn: 'legacy',
  },
  {
    title: 'a conntrack that is not installed any more',
    tools: 'conntrack',
    fault: { kind: 'missing' },
    told: /conntrack is not installed/,
    isAside: true,
    shortOn: 'legacy',
  },
  {
    title: 'a conntrack that fails',
    tools: 'conntrack',
    fault: { kind: 'exit', code: 1 },
    told: /stale conntrack entries could not be deleted/,
    isAside: true,
    shortOn: 'nft',
  },
  {
    title: 'a conntrack that prints noise',
    tools: 'conntrack',
    fault: { kind: 'garbage' },
    isAside: true,
    shortOn: 'nft',
  },
  {
    title: 'a conntrack that hangs',
    tools: 'conntrack',
    fault: { kind: 'hangs' },
    isAside: true,
    shortOn: 'legacy',
  },
];

describe.each(['nft', 'legacy'] as const)(
  'services that nobody touches lose nothing, and the rest is mended, %s',
  (kind) => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await makeScene(kind);
    });
    afterAll(() => scene[Symbol.asyncDispose]());

    const rows = ROWS.filter(({ isLong = false, shortOn }) => IS_LONG || (!isLong && shortOn === kind));
    it.each(rows.map((row) => [row.title, row] as const))(
      'after %s',
      { timeout: 120_000 },
      async (_, row) => {
        const { tools, fault, told, isAside = false } = row;
        scene.newLog();
        await scene.tools.set(tools, fault);
        let log = '';
        const wanted = await scene.edit(tools === '*-save' ? 'services and node' : 'services');
        // Long enough for the longest that a tool may take.
        if (told !== undefined)
          await expect.poll(() => (log += scene.newLog()), { timeout: 90_000, interval: 100 }).toMatch(told);
        if (fault.kind !== 'missing') await expect.poll(scene.tools.felt, PATIENCE).toBeGreaterThan(0);
        if (isAside) await scene.expectSettled(await scene.edit());
        await scene.tools.mend();
        const desired = isAside ? await scene.edit() : wanted;
        await scene.expectSettled(desired);
        // Nothing that the services themselves have to do with.
        expect(log + scene.newLog()).not.toContain('the kernel refuses the rules of a service');
      },
    );
  },
);

/** As another program takes the lock of the legacy tables for a long piece of work. */
it(
  'services that nobody touches lose nothing while another program holds the lock of the legacy tables',
  { timeout: 180_000 },
  async () => {
    await using scene = await makeScene('legacy');
    const seconds = IS_LONG ? 60 : 6;
    const [file, ...via] = scene.node.via;
    scene.newLog();
    const holder = execa(file, [...via, 'flock', '/run/xtables.lock', 'sleep', String(seconds)]);
    await sleep(200);
    const desired = await scene.edit();
    let log = '';
    await expect.poll(() => (log += scene.newLog()), PATIENCE).toContain('holding the xtables lock');
    await holder;
    await scene.expectSettled(desired);
    expect(log + scene.newLog()).not.toContain('the kernel refuses the rules of a service');
  },
);
