import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Family } from '../net/address.ts';

/** A folder of a rule book: a cluster, a configuration, and the rules that come of the two. */
export const CASE_CLUSTER = 'cluster.yaml';
export const CASE_CONFIG = 'config.yaml';

export function expectedName(family: Family): string {
  return `expected.${family === 'ipv4' ? 'v4' : 'v6'}.rules`;
}

/** The folders with a cluster.yaml under a directory, however deep, sorted. Hidden ones are passed over. */
export async function caseFolders(directory: string): Promise<readonly string[]> {
  const found: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    const entries = await readdir(join(directory, folder), { withFileTypes: true });
    if (entries.some(({ name }) => name === CASE_CLUSTER)) found.push(folder);
    for (const entry of entries) {
      const isVisible = !entry.name.startsWith('.') && entry.name !== 'node_modules';
      if (entry.isDirectory() && isVisible) await visit(join(folder, entry.name));
    }
  };
  await visit('');
  return found.sort();
}
