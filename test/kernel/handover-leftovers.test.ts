import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { BUNDLE } from '../cli/chainwright.ts';
import { ROOT } from '../support/cases.ts';
import { feed, makeNamespace, output, type Namespace } from './namespace.ts';
import { loadCaptured } from './traffic/kube-proxy.ts';
import { HOST_FLAGS, startProxy } from './traffic/proxy.ts';

/* What kube-proxy leaves when it was run in another mode, or wrote to the other store. */

const { exitCode: withoutNft } = await execa('sh', ['-c', 'command -v nft'], { reject: false });
if (withoutNft !== 0) process.stderr.write('SKIPPED: leftovers of nftables mode; nft is not installed\n');

/** As its nftables mode begins, in the two families. */
const NFTABLES = ['ip', 'ip6']
  .map(
    (family) => `table ${family} kube-proxy { chain services { type nat hook prerouting priority -100\n }\n}`,
  )
  .join('\n');
const OTHERS = 'table ip others { chain kube-proxy { }\n}\ntable inet kube-proxy-of-nobody { }\n';

/** As its ipvs mode leaves them, but for the sets, which need modules that few test machines have. */
const IPVS = `*nat
:KUBE-LOAD-BALANCER - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODE-PORT - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SERVICES - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-LOAD-BALANCER -j KUBE-MARK-MASQ
-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODE-PORT
COMMIT
*filter
:KUBE-IPVS-FILTER - [0:0]
:KUBE-IPVS-OUT-FILTER - [0:0]
:KUBE-SOURCE-RANGES-FIREWALL - [0:0]
-A INPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-FILTER
-A OUTPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-OUT-FILTER
-A INPUT -s 192.0.2.1/32 -j DROP
COMMIT
`;

async function cleanUp(node: Namespace, path = process.env.PATH ?? '') {
  const [file, ...via] = node.via;
  const command = [...via, 'env', `PATH=${path}`, process.execPath, BUNDLE, 'run', '--cleanup'];
  return await execa(file, command, { reject: false });
}

describe.skipIf(withoutNft !== 0)("the tables of kube-proxy's nftables mode", () => {
  it('are warned of at the start, like rules in the other store, and removed when we are told to', async () => {
    await using node = await makeNamespace();
    await output(node, 'ip', 'link', 'set', 'lo', 'up');
    // Which store is in use is told by the kubelet's chains and what a proxy has there.
    await loadCaptured(node, 'nft', 0);
    const some =
      '*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]\n-A INPUT -s 192.0.2.1 -j RETURN\nCOMMIT\n';
    await feed(node, some, 'iptables-legacy-restore', '--noflush');
    await feed(node, `${NFTABLES}\n${OTHERS}`, 'nft', '-f', '-');

    const source = ['--source', `dir:${join(ROOT, 'manifests/examples')}`, '--hostname-override', 'node-a'];
    const proxy = startProxy(node, [process.execPath, BUNDLE, 'run', ...source, ...HOST_FLAGS]);
    await expect.poll(proxy.log, { timeout: 10_000 }).toContain('rules are current family=ipv4');
    await expect.poll(proxy.log).toContain('WARN  nftables holds the table ip6 kube-proxy of');
    expect(await proxy.stop()).toBe(0);
    const warnings = proxy
      .log()
      .split('\n')
      .filter((line) => line.includes('which the kernel obeys beside ours'));
    expect(warnings.map((line) => line.replace(/^\S+ WARN {2}/, '').replace(/,.*/, ''))).toEqual([
      'iptables-legacy holds 2 ipv4 chains of a service proxy',
      "nftables holds the table ip kube-proxy of kube-proxy's nftables mode",
      "nftables holds the table ip6 kube-proxy of kube-proxy's nftables mode",
    ]);

    const { exitCode, stderr } = await cleanUp(node);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/removed: table ip kube-proxy of nftables$/m);
    expect(stderr).toMatch(/removed: ipv4 rules of iptables-legacy: 2 chains, 0 jumps$/m);
    const tables = (await output(node, 'nft', 'list', 'tables')).split('\n');
    expect(tables).toEqual(expect.arrayContaining(['table ip others', 'table inet kube-proxy-of-nobody']));
    expect(tables.filter((line) => line.endsWith(' kube-proxy'))).toEqual([]);
    expect(await output(node, 'iptables-legacy-save')).toContain('-A INPUT -s 192.0.2.1/32 -j RETURN');

    const again = await cleanUp(node);
    expect(again.exitCode).toBe(0);
    expect(again.stderr).toContain('nothing of a service proxy was found');
  });

  it('are left where nft is missing, and that is told', async () => {
    await using node = await makeNamespace();
    const directory = await mkdtemp(join(tmpdir(), 'chainwright-leftovers-'));
    await using resources = new AsyncDisposableStack();
    resources.defer(() => rm(directory, { recursive: true }));
    const tools = join(directory, 'tools');
    await mkdir(tools);
    for (const name of [
      'iptables-nft-save',
      'ip6tables-nft-save',
      'iptables-nft-restore',
      'ip6tables-nft-restore',
    ]) {
      const { stdout } = await execa('sh', ['-c', `command -v ${name}`]);
      await symlink(stdout, join(tools, name));
    }
    await feed(node, NFTABLES, 'nft', '-f', '-');
    const { exitCode, stderr } = await cleanUp(node, tools);
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('left, if it is there: table kube-proxy of nftables: nft is not installed');
    expect(await output(node, 'nft', 'list', 'tables')).toContain('table ip kube-proxy');
  });
});

describe("the chains of kube-proxy's ipvs mode", () => {
  it.each(['nft', 'legacy'])('are removed, %s', async (kind) => {
    await using node = await makeNamespace();
    await feed(node, IPVS, `iptables-${kind}-restore`, '--noflush');
    const { exitCode, stderr } = await cleanUp(node);
    expect(exitCode, stderr).toBe(0);
    const left = await output(node, `iptables-${kind}-save`);
    expect(left).not.toContain('KUBE-');
    expect(left).toContain('-A INPUT -s 192.0.2.1/32 -j DROP');
  });
});
