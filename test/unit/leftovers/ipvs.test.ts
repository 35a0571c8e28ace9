import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeIpsets, removeIpvs } from '../../../src/leftovers/ipvs.ts';

/* Most kernels that run tests have neither ipvs nor ipset: the tools are scripts that say how they were run. */

const NET_DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
`;
const KUBE_IPVS0 = 'kube-ipvs0:       0       0    0    0    0     0          0         0        0       0\n';
const IP_VS = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
`;
const ONE_SERVER = 'TCP  0A60000A:0050 rr\n  -> 0AF40005:1F90      Masq    1      0          0\n';

let root: string;
let path: string | undefined;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chainwright-ipvs-'));
  await mkdir(join(root, 'proc/net'), { recursive: true });
  await mkdir(join(root, 'bin'));
  path = process.env.PATH;
  process.env.PATH = join(root, 'bin');
});
afterEach(async () => {
  process.env.PATH = path;
  await rm(root, { recursive: true });
});

const kernel = (dev: string, ipvs: string): Promise<unknown> =>
  Promise.all([writeFile(join(root, 'proc/net/dev'), dev), writeFile(join(root, 'proc/net/ip_vs'), ipvs)]);

async function install(tool: string, script = ''): Promise<void> {
  const text = `#!/bin/sh\necho "${tool} $*" >> ${root}/runs\n${script}\n`;
  await writeFile(join(root, 'bin', tool), text, { mode: 0o755 });
}

const runs = async (): Promise<readonly string[]> =>
  (await readFile(join(root, 'runs'), 'utf8').catch(() => '')).split('\n').slice(0, -1);

describe("what kube-proxy's ipvs mode leaves", () => {
  it('is nothing on a node without ipvs', async () => {
    expect(await removeIpvs(root)).toEqual([]);
    await kernel(NET_DEV, IP_VS);
    expect(await removeIpvs(root)).toEqual([]);
    expect(await removeIpsets()).toEqual([]);
  });

  it('is removed: virtual servers first, then the interface', async () => {
    await kernel(NET_DEV + KUBE_IPVS0, IP_VS + ONE_SERVER);
    await install('ipvsadm');
    await install('ip');
    expect(await removeIpvs(root)).toEqual([
      { kind: 'removed', what: 'virtual servers of ipvs' },
      { kind: 'removed', what: 'interface kube-ipvs0' },
    ]);
    expect(await runs()).toEqual(['ipvsadm -C', 'ip link delete kube-ipvs0 type dummy']);
  });

  it('is left and told where the tools are missing', async () => {
    await kernel(NET_DEV + KUBE_IPVS0, IP_VS + ONE_SERVER);
    expect(await removeIpvs(root)).toEqual([
      { kind: 'left', what: 'virtual servers of ipvs', why: 'ipvsadm is not installed' },
      { kind: 'left', what: 'interface kube-ipvs0', why: 'ip is not installed' },
    ]);
  });

  it("does not include another program's virtual servers", async () => {
    await kernel(NET_DEV, IP_VS + ONE_SERVER);
    await install('ipvsadm');
    expect(await removeIpvs(root)).toEqual([
      {
        kind: 'left',
        what: 'virtual servers of ipvs',
        why: "they may be another program's: there is no kube-ipvs0",
      },
    ]);
    expect(await runs()).toEqual([]);
  });

  it('includes its sets, of both families, and no others', async () => {
    const sets = [
      'KUBE-CLUSTER-IP',
      'KUBE-6-LOAD-BALANCER-SOURCE-CID',
      'KUBE-NODE-PORT-TCP',
      'blocklist',
      'KUBE-MINE',
    ];
    await install(
      'ipset',
      `[ "$1" = list ] && printf '${sets.join('\\n')}\\n'; [ "$2" != KUBE-NODE-PORT-TCP ]`,
    );
    expect(await removeIpsets()).toEqual([
      { kind: 'removed', what: 'set KUBE-CLUSTER-IP of ipset' },
      { kind: 'removed', what: 'set KUBE-6-LOAD-BALANCER-SOURCE-CID of ipset' },
      {
        kind: 'failed',
        what: 'set KUBE-NODE-PORT-TCP of ipset',
        why: expect.stringContaining('exit code 1') as string,
      },
    ]);
    expect(await runs()).toEqual([
      'ipset list -name',
      'ipset destroy KUBE-CLUSTER-IP',
      'ipset destroy KUBE-6-LOAD-BALANCER-SOURCE-CID',
      'ipset destroy KUBE-NODE-PORT-TCP',
    ]);
  });
});
