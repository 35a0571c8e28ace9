import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { expect, it } from 'vitest';
import { makeAuthority, makeCertificate } from '../api/certificates.ts';
import { makeNamespace, output } from './namespace.ts';
import { startApiServer } from './traffic/kube-proxy.ts';
import { otherObjects, steadyObjects } from './traffic/plan.ts';
import { startChainwright, writeManifests } from './traffic/proxy.ts';

const TOKEN = 'eyJhbGciOiJSUzI1NiIsImtpZCI6IlNFQ1JFVCJ9';

/** As it is, as the kubeconfig has it, and as a connection sends it. */
const forms = (secret: string): readonly string[] => [secret, btoa(secret), encodeURIComponent(secret)];

it.each(['text', 'json'])(
  'at the highest verbosity the daemon tells no secret of its kubeconfig, %s',
  async (format) => {
    await using resources = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), 'chainwright-secrets-'));
    resources.defer(() => rm(directory, { recursive: true }));
    const node = resources.use(await makeNamespace());
    await output(node, 'ip', 'link', 'set', 'lo', 'up');
    await writeManifests(directory, steadyObjects());
    resources.use(await startApiServer(node, directory));

    const { cert, key } = makeCertificate(makeAuthority('clients'), { commonName: 'system:kube-proxy' });
    const kubeconfig = join(directory, 'kubeconfig');
    const user = { token: TOKEN, 'client-certificate-data': btoa(cert), 'client-key-data': btoa(key) };
    const config = parse(await readFile(kubeconfig, 'utf8')) as Record<string, unknown>;
    await writeFile(kubeconfig, JSON.stringify({ ...config, users: [{ name: 'u', user }] }));
    const logging = [`--logging-format=${format}`, '-v=10'];
    const proxy = startChainwright(node, ['--kubeconfig', kubeconfig, ...logging]);
    resources.defer(() => proxy.kill('everything'));
    await expect.poll(proxy.log, { timeout: 30_000 }).toContain('rules are current');

    await writeManifests(directory, otherObjects(2, 1));
    await expect.poll(proxy.log, { timeout: 30_000 }).toContain(format === 'json' ? '"level":20' : ' DEBUG ');
    const pages = await Promise.all(
      ['metrics', 'configz', 'flagz', 'statusz', 'proxyMode', 'debug/pprof/cmdline'].map((page) =>
        output(node, 'curl', '-s', `http://127.0.0.1:10249/${page}`),
      ),
    );
    expect(await proxy.stop()).toBe(0);
    const told = [proxy.log(), ...pages].join('\n');
    expect(told).toContain('KubeProxyConfiguration');
    const middleOfKey = key.split('\n')[1] ?? '';
    expect(middleOfKey.length).toBeGreaterThan(40);
    for (const secret of [...forms(TOKEN), ...forms(key), middleOfKey]) expect(told).not.toContain(secret);
  },
);
