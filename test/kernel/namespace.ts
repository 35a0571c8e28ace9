import { readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { backendOf, type BackendKind } from '../../src/iptables/backend.ts';
import { canonicalRules } from '../../src/inspect/canonical.ts';
import type { Command } from '../../src/iptables/tool.ts';
import type { Family } from '../../src/net/address.ts';

/** A network namespace of the test's own; it goes with the block that made it, or with the test process. */
export interface Namespace extends AsyncDisposable {
  /** Put before a command, runs it inside. */
  readonly via: Command;
}

/** @throws Error where the test may not make namespaces: these tests need root */
export async function makeNamespace(): Promise<Namespace> {
  if (process.getuid?.() !== 0) throw new Error('the kernel tests make network namespaces and need root');
  // cat ends when its input does: with this process, however that ends.
  const holder = execa('unshare', ['--net', '--mount', 'cat'], {
    stdin: 'pipe',
    stdout: 'ignore',
    reject: false,
  });
  const ours = await readlink('/proc/self/ns/net');
  const { pid } = holder;
  if (pid === undefined) throw new Error('unshare could not be started');
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const theirs = await readlink(`/proc/${pid}/ns/net`).catch(() => ours);
    if (theirs !== ours) return namespaceOf(pid, () => holder.stdin.end(), holder);
    await sleep(2);
  }
  throw new Error('unshare made no namespace');
}

async function namespaceOf(pid: number, end: () => void, holder: Promise<unknown>): Promise<Namespace> {
  const via: Command = ['nsenter', `--net=/proc/${pid}/ns/net`, `--mount=/proc/${pid}/ns/mnt`, '--'];
  // The lock of the legacy tables lies in /run: a private one keeps tests from waiting for each other.
  const [file, ...args] = via;
  await execa(file, [...args, 'mount', '-t', 'tmpfs', 'tmpfs', '/run']);
  return {
    via,
    [Symbol.asyncDispose]: async () => {
      end();
      await holder;
    },
  };
}

/**
 * A namespace of a node: it has loopback, and an interface that leads nowhere.
 *
 * @param address with its prefix length
 */
export async function makeNode(address: string): Promise<Namespace> {
  const node = await makeNamespace();
  await output(node, 'ip', 'link', 'set', 'lo', 'up');
  await output(node, 'ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth1');
  await output(node, 'ip', 'address', 'add', address, 'dev', 'eth0');
  for (const link of ['eth0', 'eth1']) await output(node, 'ip', 'link', 'set', link, 'up');
  return node;
}

/** What a command in the namespace prints. */
export async function output(namespace: Namespace, ...command: readonly string[]): Promise<string> {
  const [file, ...args] = namespace.via;
  const { stdout } = await execa(file, [...args, ...command]);
  return stdout;
}

/** Runs a command in the namespace with a text on its standard input. */
export async function feed(
  namespace: Namespace,
  input: string,
  ...command: readonly string[]
): Promise<void> {
  const [file, ...args] = namespace.via;
  await execa(file, [...args, ...command], { input });
}

/** Our rules of one family as the kernel holds them, in canonical form. */
export async function kernelRules(namespace: Namespace, kind: BackendKind, family: Family): Promise<string> {
  const [save] = backendOf(kind, family).save;
  const filter = await output(namespace, save, '-t', 'filter');
  const nat = await output(namespace, save, '-t', 'nat');
  return canonicalRules(`${filter}\n${nat}`);
}
