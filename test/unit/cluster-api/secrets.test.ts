import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectApi } from '../../../src/cluster/api/connect.ts';
import { kubeconfigOf } from '../../support/kubeconfig.ts';

/* What goes wrong with credentials is told without them. */

const SECRET = 'eyJhbGciOiJSUzI1NiIsImtpZCI6IlNFQ1JFVCJ9';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'chainwright-secrets-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

function kubeconfig(user: object, server = 'https://127.0.0.1:1'): string {
  return file('kubeconfig', kubeconfigOf({ server, user }));
}

/** What is told of the first request. */
async function trouble(path: string): Promise<string> {
  try {
    const { send, server } = await connectApi({ kubeconfig: path }, 'chainwright/test');
    await send({ method: 'GET', path: '/', answerWithin: 5_000, signal: AbortSignal.timeout(5_000) }).catch(
      (error: unknown) => {
        throw new Error(`${server}: ${String(error)}`);
      },
    );
  } catch (error) {
    return String(error);
  }
  return '';
}

it.each([
  ['is no YAML', `users:\n- name: u\n  user: {token: ${SECRET}, ]\n`],
  ['is broken in the line of the token', `users:\n- name: u\n  user:\n    token: "${SECRET}\n`],
  ['is a token alone', SECRET],
  ['is a list of tokens', `- ${SECRET}`],
  ['has a key where the clusters should be', `clusters: ${SECRET}\n`],
])('a kubeconfig that %s', async (_, text) => {
  const told = await trouble(file('kubeconfig', text));
  expect(told).toContain(join(directory, 'kubeconfig'));
  expect(told).not.toContain(SECRET.slice(0, 12));
});

it.each([
  ['a token', { token: SECRET }],
  ['a password', { username: 'admin', password: SECRET }],
  ['a key that is none', { 'client-certificate-data': btoa(SECRET), 'client-key-data': btoa(SECRET) }],
])('a server that does not answer, asked with %s', async (_, user) => {
  const told = await trouble(kubeconfig(user));
  expect(told).not.toBe('');
  expect(told).not.toContain(SECRET.slice(0, 12));
  expect(told).not.toContain(btoa(SECRET).slice(0, 12));
});

it('a server whose URL holds a password', async () => {
  const told = await trouble(kubeconfig({}, `https://admin:${SECRET}@127.0.0.1:1`));
  expect(told).toContain('127.0.0.1:1');
  expect(told).not.toContain(SECRET);
});

it.each([
  ['prints a token by itself', `echo ${SECRET}`],
  ['prints half an answer', `echo '{"status": {"token": "${SECRET}"'`],
  ['prints a token and fails', `echo ${SECRET}; exit 1`],
])('a plugin that %s', async (_, script) => {
  const command = file('plugin', `#!/bin/sh\n${script}\n`);
  chmodSync(command, 0o755);
  const told = await trouble(
    kubeconfig({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command } }),
  );
  expect(told).not.toBe('');
  expect(told).not.toContain(SECRET.slice(0, 12));
});
