import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BUNDLE } from '../cli/chainwright.ts';
import { ROOT } from '../support/cases.ts';
import { makeNamespace, output } from './namespace.ts';
import { HOST_FLAGS, startProxy } from './traffic/proxy.ts';

const config = (fields: string): string =>
  `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nhostnameOverride: node-a\n${fields}`;

it('the daemon ends with 1 when its ConfigMap is replaced, leaves the rules, and starts with the new one', async () => {
  await using node = await makeNamespace();
  await output(node, 'ip', 'link', 'set', 'lo', 'up');
  const directory = await mkdtemp(join(tmpdir(), 'chainwright-config-'));
  await using resources = new AsyncDisposableStack();
  resources.defer(() => rm(directory, { recursive: true }));
  let version = 0;
  /** As the kubelet does it. */
  const replace = async (text: string): Promise<void> => {
    version += 1;
    const name = `..2026_11_21_${version}`;
    await mkdir(join(directory, name));
    await writeFile(join(directory, name, 'config.conf'), text);
    await symlink(name, join(directory, '..data_tmp'));
    await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    if (version > 1) await rm(join(directory, `..2026_11_21_${version - 1}`), { recursive: true });
  };
  await replace(config(''));
  await symlink('..data/config.conf', join(directory, 'config.conf'));
  const start = () => {
    const source = ['--source', `dir:${join(ROOT, 'manifests/examples')}`];
    const file = ['--config', join(directory, 'config.conf')];
    const proxy = startProxy(node, [process.execPath, BUNDLE, 'run', ...source, ...file, ...HOST_FLAGS]);
    resources.defer(() => proxy.kill('everything'));
    return proxy;
  };
  const nat = () => output(node, 'iptables-nft-save', '-t', 'nat');
  const MASQUERADE_ALL =
    '-d 10.103.188.73/32 -p tcp -m comment --comment "default/webapp1-nodeport-svc cluster IP"';

  const first = start();
  await expect.poll(nat, { timeout: 10_000 }).toContain('--dport 30080');
  await replace(config('iptables: {masqueradeBit: 99}\n'));
  await expect
    .poll(first.log, { timeout: 10_000 })
    .toContain('the configuration read at the start stays in force');
  expect(first.log()).toContain('masqueradeBit');
  await replace(config('iptables: {masqueradeAll: true}\n'));
  expect(await first.ended, first.log()).toBe(1);
  expect(first.log()).toContain('changed: iptables.masqueradeAll: false -> true');
  expect(await nat()).toContain('--dport 30080');
  expect(await nat()).not.toContain(`${MASQUERADE_ALL} -m tcp --dport 80 -j KUBE-MARK-MASQ`);

  const second = start();
  await expect
    .poll(nat, { timeout: 10_000 })
    .toContain(`${MASQUERADE_ALL} -m tcp --dport 80 -j KUBE-MARK-MASQ`);
  expect(await second.stop(), second.log()).toBe(0);
});
