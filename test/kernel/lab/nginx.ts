import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ROOT } from '../../support/cases.ts';

/** Where nginx is, or why there is none. */
export type Nginx =
  { readonly kind: 'found'; readonly path: string } | { readonly kind: 'missing'; readonly why: string };

const CACHE = join(ROOT, 'node_modules/.cache/nginx');
const UNPACKED = join(CACHE, 'usr/sbin/nginx');

/**
 * The machine's nginx, or Debian's package of it, unpacked where only the tests find it: to install it would
 * start a web server on port 80 of whoever runs the tests. The libraries that it needs are on any Debian.
 */
export async function findNginx(): Promise<Nginx> {
  for (const path of ['/usr/sbin/nginx', UNPACKED]) if (await runs(path)) return { kind: 'found', path };
  await mkdir(CACHE, { recursive: true });
  // The lists of packages may be missing, or older than what the archive still has.
  const why = (await unpack()) === '' ? '' : (await said('apt-get', ['update', '-qq'])) + (await unpack());
  if (await runs(UNPACKED)) return { kind: 'found', path: UNPACKED };
  return { kind: 'missing', why: why || `${UNPACKED} does not run` };
}

async function runs(path: string): Promise<boolean> {
  return (await execa(path, ['-v'], { reject: false })).exitCode === 0;
}

/** @returns what went wrong, or nothing */
async function unpack(): Promise<string> {
  const failure = await said('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', 'nginx']);
  if (failure !== '') return failure;
  const archives = (await readdir(CACHE)).filter((name) => name.endsWith('.deb')).sort();
  return said('dpkg-deb', ['--extract', archives.at(-1) ?? '', '.']);
}

async function said(file: string, args: readonly string[]): Promise<string> {
  const { failed, stderr, shortMessage } = await execa(file, args, {
    cwd: CACHE,
    reject: false,
    timeout: 60_000,
  });
  return failed ? stderr || String(shortMessage) : '';
}
