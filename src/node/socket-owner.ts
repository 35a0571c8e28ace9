import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { SocketOwner } from '../model/listener.ts';
import { readText } from './kernel-setting.ts';

/**
 * Finds which processes hold these sockets. It looks through the open files of process after process
 * until all are found, so it costs most on nodes with many: ask only for sockets that matter.
 *
 * @returns by inode; processes that may not be looked into, or that are in another container's process
 * namespace, are missing
 */
export async function socketOwners(
  inodes: ReadonlySet<number>,
  root = '/',
): Promise<ReadonlyMap<number, SocketOwner>> {
  const owners = new Map<number, SocketOwner>();
  const processes = (await entriesOf(join(root, 'proc'))).filter((name) => /^\d+$/.test(name));
  for (const pid of processes) {
    if (owners.size === inodes.size) break;
    const held = (await socketsHeldBy(pid, root)).filter((inode) => inodes.has(inode) && !owners.has(inode));
    if (held.length === 0) continue;
    const command = (await readText(root, `/proc/${pid}/comm`)) ?? '';
    for (const inode of held) owners.set(inode, { pid: Number(pid), command });
  }
  return owners;
}

/** @param pid `self` is this process */
export async function socketsHeldBy(pid: string, root = '/'): Promise<readonly number[]> {
  const directory = join(root, 'proc', pid, 'fd');
  const links = await Promise.all(
    (await entriesOf(directory)).map((file) => readlink(join(directory, file)).catch(() => '')),
  );
  return links.flatMap((link) => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(link) ?? [];
    return inode === undefined ? [] : [Number(inode)];
  });
}

/** Of a directory that may be gone by now, or closed to us. */
async function entriesOf(directory: string): Promise<readonly string[]> {
  return await readdir(directory).catch(() => []);
}
