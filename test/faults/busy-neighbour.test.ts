import { createHash } from 'node:crypto';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { detectBackend } from '../../src/iptables/detect-backend.ts';
import { canonicalRules } from '../../src/inspect/canonical.ts';
import { feed, kernelRules, makeNamespace, output, type Namespace } from '../kernel/namespace.ts';
import { endpoints, service, stage } from '../kernel/sync-stage.ts';
import { IS_LONG, makeScene } from './scene.ts';

/*
 * A program that commits to the nft store without a pause. The tool that reads a table begins anew at each commit, and
 * does not end for as long as that goes on.
 */

/** So large that no reading fits between two commits. */
const OTHER_CHAINS = 3_000;

async function growTable(node: Namespace): Promise<void> {
  const names = Array.from(
    { length: OTHER_CHAINS },
    (_, index) => `OTHER-${createHash('md5').update(String(index)).digest('hex').slice(0, 16)}`,
  );
  const declared = names.map((name) => `:${name} - [0:0]`);
  const rules = names.flatMap((name) => [`-A ${name} -s 192.0.2.1 -j RETURN`, `-A ${name} -p udp -j RETURN`]);
  const text = ['*nat', ...declared, ...rules, 'COMMIT', ''].join('\n');
  await feed(node, text, 'iptables-nft-restore', '--noflush');
}

/** Commits to another table until it is stopped. */
function commitAllTheTime({ via: [file, ...via] }: Namespace): { readonly stop: () => Promise<void> } {
  const neighbour = execa(file, [...via, 'iptables-nft-restore', '--noflush'], {
    stdin: 'pipe',
    stdout: 'ignore',
    reject: false,
  });
  let isOver = false;
  const commit = (): void => {
    const once = '*mangle\n-A FORWARD -s 192.0.2.1\nCOMMIT\n*mangle\n-D FORWARD -s 192.0.2.1\nCOMMIT\n';
    // It reads as fast as it can commit.
    while (!isOver && neighbour.stdin.write(once));
  };
  neighbour.stdin.on('drain', commit).on('error', () => undefined);
  commit();
  return {
    stop: async () => {
      isOver = true;
      neighbour.kill('SIGKILL');
      await neighbour;
    },
  };
}

it(
  'changes go on while a neighbour commits without a pause, and what is owed is compared when it has gone',
  { timeout: 120_000 },
  async () => {
    await using node = await makeNamespace();
    let now = 0;
    const limits = { firstTry: 2_000, lastResort: 20_000 };
    const { take, sync, wanted, reports } = stage(node, 'nft', undefined, { limits, clock: () => now });
    await take(service('a', 1), endpoints('a', 1), service('b', 2), endpoints('b', 1));
    await growTable(node);
    // Somebody takes a rule, which only a comparison can find.
    const rule =
      (await output(node, 'iptables-nft', '-t', 'nat', '-S', 'KUBE-SERVICES')).split('\n')[1] ?? '';
    await output(node, 'sh', '-c', `iptables-nft -t nat ${rule.replace('-A', '-D')}`);
    expect(await kernelRules(node, 'nft', 'ipv4')).not.toBe(wanted());

    const neighbour = commitAllTheTime(node);
    try {
      sync.invalidate('check');
      await expect(take(endpoints('b', 1, 2))).rejects.toThrow('did not end in time and was stopped');
      // As the runner does, soon after.
      await sync.sync();
      expect(reports.at(-1)).toMatchObject({ kind: 'delta' });
      await take(service('c', 3), endpoints('c', 7));
      expect(reports.at(-1)).toMatchObject({ kind: 'delta' });
      expect(sync.isPending()).toBe(true);
    } finally {
      await neighbour.stop();
    }
    const changed = canonicalRules(await output(node, 'iptables-nft-save', '-t', 'nat'));
    expect(changed).toContain('10.244.1.2:8080');
    expect(changed).toContain('10.244.1.7:8080');
    expect(await kernelRules(node, 'nft', 'ipv4')).not.toBe(wanted());

    now = 61;
    await sync.sync();
    expect(reports.at(-1)).toMatchObject({ kind: 'full', reason: 'check', repaired: 'chain' });
    expect(await kernelRules(node, 'nft', 'ipv4')).toBe(wanted());
  },
);

it(
  'rules that are known to be gone are written at once, though a comparison has just failed',
  { timeout: 60_000 },
  async () => {
    await using node = await makeNamespace();
    const limits = { firstTry: 2_000, lastResort: 20_000 };
    const { take, sync, wanted, reports } = stage(node, 'nft', undefined, { limits });
    await take(service('a', 1), endpoints('a', 1));
    await growTable(node);
    const neighbour = commitAllTheTime(node);
    try {
      sync.invalidate('check');
      await expect(sync.sync()).rejects.toThrow('did not end in time and was stopped');
    } finally {
      await neighbour.stop();
    }
    expect(sync.owedIn()).toBe(60);
    await output(node, 'iptables-nft', '-t', 'nat', '-F');
    await sync.sync();
    expect(reports).toHaveLength(1);
    sync.invalidate('flush');
    await sync.sync();
    expect(reports.at(-1)).toMatchObject({ kind: 'full', reason: 'flush', repaired: 'flush' });
    expect(await kernelRules(node, 'nft', 'ipv4')).toBe(wanted());
    expect(sync.owedIn()).toBeUndefined();
  },
);

describe('a start while a neighbour commits without a pause', () => {
  const MARK = ['*mangle', ':KUBE-KUBELET-CANARY - [0:0]', 'COMMIT', ''].join('\n');
  const LEFT = ['*nat', ':KUBE-SVC-LEFTLEFTLEFTLEFT - [0:0]', 'COMMIT', ''].join('\n');
  it.each([
    ['the one with the kubelet’s mark, though chains are left in the other', 'nft', MARK, LEFT],
    ['the one with the most rules', 'nft', '', ''],
    ['the other one, where the kubelet’s mark is', 'legacy', '', MARK],
  ] as const)('finds the store of the node: %s', { timeout: 60_000 }, async (_, kind, inNft, inLegacy) => {
    await using node = await makeNamespace();
    await feed(node, inNft, 'iptables-nft-restore', '--noflush');
    await feed(node, inLegacy, 'iptables-legacy-restore', '--noflush');
    await growTable(node);
    const neighbour = commitAllTheTime(node);
    try {
      expect(await detectBackend(node.via, 1_000)).toBe(kind);
    } finally {
      await neighbour.stop();
    }
  });

  const LIMITS = { firstTry: 2_000, lastResort: 20_000 };

  it('writes all rules, without having read them', { timeout: 120_000 }, async () => {
    await using node = await makeNamespace();
    await growTable(node);
    const { take, sync, wanted, reports } = stage(node, 'nft', undefined, { limits: LIMITS });
    const neighbour = commitAllTheTime(node);
    try {
      await take(service('a', 1), endpoints('a', 1));
      await take(service('b', 2), endpoints('b', 2));
    } finally {
      await neighbour.stop();
    }
    expect(reports.map(({ kind, unread }) => ({ kind, unread }))).toEqual([
      { kind: 'full', unread: true },
      { kind: 'delta', unread: false },
    ]);
    // In the daemon it is asked for when this time is over.
    expect({ isPending: sync.isPending(), in: sync.owedIn() }).toEqual({ isPending: true, in: 60 });
    expect(await kernelRules(node, 'nft', 'ipv4')).toBe(wanted());
  });

  it(
    'over rules of before doubles no jump, and removes what is left over when it can read',
    { timeout: 120_000 },
    async () => {
      await using node = await makeNamespace();
      const before = stage(node, 'nft');
      await before.take(service('a', 1), endpoints('a', 1), service('gone', 3), endpoints('gone', 3));
      await growTable(node);

      let now = 0;
      const { take, sync, wanted, reports } = stage(node, 'nft', undefined, {
        limits: LIMITS,
        clock: () => now,
      });
      const neighbour = commitAllTheTime(node);
      try {
        await take(service('a', 1), endpoints('a', 1, 2), service('b', 2), endpoints('b', 2));
      } finally {
        await neighbour.stop();
      }
      const jumps = async (): Promise<readonly string[]> =>
        (await output(node, 'iptables-nft-save'))
          .split('\n')
          .filter((line) => line.includes(' -j KUBE-') && !line.startsWith('-A KUBE-'));
      const once = [...new Set(await jumps())];
      expect(once.length).toBeGreaterThan(10);
      expect(await jumps()).toEqual(once);
      const ofShops = async (): Promise<string> =>
        (await output(node, 'iptables-nft-save', '-t', 'nat')).replace(/^.*OTHER-.*\n/gm, '');
      expect(await ofShops()).toContain('web/b -> 10.244.1.2:8080');
      expect(await ofShops()).not.toMatch(/^-A KUBE-SERVICES .*web\/gone/m);
      expect(await ofShops()).toContain('web/gone -> 10.244.1.3:8080');

      now = 61;
      sync.invalidate('check');
      await sync.sync();
      expect(reports.at(-1)).toMatchObject({ kind: 'full', unread: false, repaired: undefined });
      expect(await ofShops()).not.toContain('web/gone');
      expect(await kernelRules(node, 'nft', 'ipv4')).toBe(wanted());

      await output(node, 'iptables-nft', '-t', 'nat', '-F', 'KUBE-SERVICES');
      sync.invalidate('check');
      await sync.sync();
      expect(reports.at(-1)).toMatchObject({ repaired: 'chain' });
    },
  );
});

it.runIf(IS_LONG)(
  'a daemon that is started anew beside a neighbour that commits without a pause costs nobody a packet',
  { timeout: 450_000 },
  async () => {
    // Three tools, one after the other, are given the time that they may take.
    const long = { timeout: 200_000, interval: 200 };
    await using scene = await makeScene('nft');
    const { node, proxy, start, edit } = scene;
    expect(await proxy().stop()).toBe(0);
    await growTable(node);
    const desired = await edit();
    const neighbour = commitAllTheTime(node);
    try {
      const next = start();
      // On a busy machine the neighbour may be slow enough for a reading all the same.
      const isWritten = /all rules are written anew|rules are current family=ipv4 kind=full reason=start/;
      await expect.poll(next.log, long).toMatch(isWritten);
    } finally {
      await neighbour.stop();
    }
    // Only now: what counts stray packets reads the table that the neighbour wrote, and would not end beside it either.
    await scene.expectNoLoss();
    // What could not be read is tried again after a minute.
    await expect.poll(() => kernelRules(node, 'nft', 'ipv4'), long).toBe(desired);
    await scene.expectSettled(await edit());
  },
);
