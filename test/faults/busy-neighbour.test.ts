import { createHash } from 'node:crypto';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { canonicalRules } from '../../src/iptables/canonical.ts';
import { feed, kernelRules, makeNamespace, output, type Namespace } from '../kernel/namespace.ts';
import { endpoints, service, stage } from '../kernel/sync-stage.ts';

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
