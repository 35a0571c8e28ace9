import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A directory that stands for `/`, with files of /proc and /sys in it. */
export interface FakeRoot extends AsyncDisposable {
  readonly root: string;
  readonly write: (path: string, text: string) => Promise<void>;
  readonly link: (path: string, target: string) => Promise<void>;
  readonly read: (path: string) => Promise<string>;
}

export async function fakeRoot(files: Readonly<Record<string, string>> = {}): Promise<FakeRoot> {
  const root = await mkdtemp(join(tmpdir(), 'root-'));
  const place = async (path: string): Promise<string> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    return join(root, path);
  };
  const write = async (path: string, text: string): Promise<void> => writeFile(await place(path), text);
  for (const [path, text] of Object.entries(files)) await write(path, text);
  return {
    root,
    write,
    link: async (path, target) => symlink(target, await place(path)),
    read: async (path) => readFile(join(root, path), 'utf8'),
    [Symbol.asyncDispose]: async () => rm(root, { recursive: true }),
  };
}
