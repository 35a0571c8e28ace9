import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findAccess } from '../../../src/cluster/api/access.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chainwright-kubeconfig-'));
  vi.stubEnv('KUBERNETES_SERVICE_HOST', undefined);
  vi.stubEnv('KUBERNETES_SERVICE_PORT', undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

function kubeconfig(user: string, cluster = 'server: https://10.0.0.1:6443'): string {
  const path = join(directory, 'kubeconfig');
  writeFileSync(
    path,
    `apiVersion: v1
kind: Config
clusters:
- name: default
  cluster: {${cluster}}
contexts:
- name: default
  context: {cluster: default, user: default, namespace: default}
current-context: default
users:
- name: default
  user: {${user}}
`,
  );
  return path;
}

async function headers(user: string): Promise<Readonly<Record<string, string>>> {
  const access = await findAccess({ kubeconfig: kubeconfig(user) });
  return (await access.admit()).headers;
}

describe('credentials of a kubeconfig', () => {
  it("reads the token file that kubeadm's kube-proxy signs in by, beside the kubeconfig", async () => {
    writeFileSync(join(directory, 'token'), 'secret\n');
    expect(await headers('tokenFile: token')).toEqual({ Authorization: 'Bearer secret' });
  });

  it('puts a token file before a token, as client-go does', async () => {
    writeFileSync(join(directory, 'token'), 'of-the-file');
    expect(await headers('tokenFile: token, token: of-the-field')).toEqual({
      Authorization: 'Bearer of-the-file',
    });
  });

  it('takes a token', async () => {
    expect(await headers('token: secret')).toEqual({ Authorization: 'Bearer secret' });
  });

  it('runs a plugin, and asks it again when its token was refused', async () => {
    const token = join(directory, 'made');
    writeFileSync(token, 'one');
    const script = `printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' "$(cat ${token})"`;
    const exec = JSON.stringify({
      command: 'sh',
      args: ['-c', script],
      apiVersion: 'client.authentication.k8s.io/v1',
    });
    const access = await findAccess({ kubeconfig: kubeconfig(`exec: ${exec}`) });
    const first = await access.admit();
    expect(first.headers.Authorization).toBe('Bearer one');
    writeFileSync(token, 'two');
    expect((await access.admit()).headers.Authorization).toBe('Bearer one');
    await Promise.all([access.renew(first.generation), access.renew(first.generation)]);
    const second = await access.admit();
    expect(second.headers.Authorization).toBe('Bearer two');
    expect(second.generation).toBe(first.generation + 1);
  });

  it('says that a plugin fails', async () => {
    const access = await findAccess({
      kubeconfig: kubeconfig('exec: {command: sh, args: ["-c", "echo no luck >&2; exit 3"]}'),
    });
    await expect(access.admit()).rejects.toMatchObject({
      fault: { kind: 'credentials', message: 'no luck' },
    });
  });

  it.each([
    [
      'says nothing',
      'command: sh, args: ["-c", "exit 3"]',
      'the plugin that makes credentials failed, and said nothing',
    ],
    [
      'is not there',
      'command: no-such-plugin',
      "timeout: failed to run command 'no-such-plugin': No such file or directory",
    ],
  ])('says so where a plugin %s', async (_, exec, message) => {
    const access = await findAccess({ kubeconfig: kubeconfig(`exec: {${exec}}`) });
    const failure = await access.admit().catch((error: unknown) => error);
    expect(failure).toMatchObject({ fault: { kind: 'credentials' } });
    // Quotation marks are the locale's.
    expect((failure as Error).message.replaceAll(/[‘’]/g, "'")).toBe(message);
  });

  it('has a plugin ended that hangs, and finds it from the kubeconfig', async () => {
    const parent = `token=$(tr '\\0' ' ' < /proc/$PPID/cmdline)`;
    const print = `printf '{"kind":"ExecCredential","status":{"token":"%s"}}' "$token"`;
    const plugin = join(directory, 'plugin');
    writeFileSync(plugin, `#!/bin/sh\n${parent}\n${print}\n`);
    chmodSync(plugin, 0o755);
    expect(await headers('exec: {command: ./plugin, args: [one]}')).toEqual({
      Authorization: `Bearer timeout -k 5 60 ${plugin} one`,
    });
  });

  it('keeps the agent as long as certificates are the same', async () => {
    writeFileSync(join(directory, 'ca.crt'), 'one');
    const access = await findAccess({
      kubeconfig: kubeconfig('token: secret', 'server: https://10.0.0.1:6443, certificate-authority: ca.crt'),
    });
    const first = await access.admit();
    expect((await access.admit()).agent).toBe(first.agent);
    writeFileSync(join(directory, 'ca.crt'), 'two');
    const second = await access.admit();
    expect(second.agent).not.toBe(first.agent);
    expect(second.agent).toMatchObject({ options: { keepAlive: true } });
  });
});

describe('the server', () => {
  it('is the one of --master, with the credentials of the kubeconfig', async () => {
    const access = await findAccess({
      kubeconfig: kubeconfig('token: secret'),
      master: 'https://192.0.2.1:8443/',
    });
    const { url, headers: sent } = await access.admit();
    expect(access.server).toBe('https://192.0.2.1:8443');
    expect(url.host).toBe('192.0.2.1:8443');
    expect(sent).toEqual({ Authorization: 'Bearer secret' });
  });

  it('is the one of --master, with nobody’s credentials, outside of a pod', async () => {
    const access = await findAccess({ master: '192.0.2.1:8080' });
    expect(access.server).toBe('http://192.0.2.1:8080');
    expect((await access.admit()).headers).toEqual({});
  });

  it('is the one of the pod’s environment', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', 'fd00::1');
    vi.stubEnv('KUBERNETES_SERVICE_PORT', '443');
    expect((await findAccess({})).server).toBe('https://[fd00::1]:443');
  });

  it('may be behind a path', async () => {
    const access = await findAccess({
      kubeconfig: kubeconfig('token: t', 'server: https://rancher/k8s/clusters/c-1/'),
    });
    expect((await access.admit()).url.href).toBe('https://rancher/k8s/clusters/c-1');
  });

  it('must be named somehow', async () => {
    await expect(findAccess({})).rejects.toThrow(/expected a kubeconfig, a --master, or to run in a pod/);
  });

  it.each(['ftp://10.0.0.1', 'https://', 'not a url'])('cannot be %s', async (master) => {
    await expect(findAccess({ master })).rejects.toThrow(/--master: expected the URL of an API server/);
  });
});

describe('a kubeconfig that cannot work', () => {
  it.each([
    ['clusters: []', 'current-context: expected the name of a context'],
    ['- a list', 'expected a kubeconfig, got a list'],
    ['clusters: [{name: a}]', 'clusters[0].cluster is missing'],
    ['a: [', 'at line'],
    ['a: 1\n---\nb: 2', 'bad: expected a kubeconfig: Source contains multiple documents'],
  ])('%s', async (content, message) => {
    const path = join(directory, 'bad');
    writeFileSync(path, content);
    await expect(findAccess({ kubeconfig: path })).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringContaining(message) as string,
    });
  });

  it('is not there', async () => {
    await expect(findAccess({ kubeconfig: join(directory, 'none') })).rejects.toThrow(/none: .*no such file/);
  });
});
