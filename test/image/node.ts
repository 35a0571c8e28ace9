import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { configured } from '../unit/manifests/deployed.ts';
import type { Place } from './oci.ts';

const TOP = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Makes the root file system of the image, or takes the one that CHAINWRIGHT_ROOTFS names.
 *
 * @returns its path; `remove` takes away what was made
 */
export async function buildRootfs(): Promise<{
  readonly path: string;
  readonly remove: () => Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'chainwright-rootfs-'));
  const built = process.env.CHAINWRIGHT_ROOTFS;
  if (built !== undefined) return { path: built, remove: () => rm(folder, { recursive: true }) };
  const path = join(folder, 'rootfs');
  await execa(join(TOP, 'manifests/image/build-rootfs'), [path], { stdio: ['ignore', 'inherit', 'inherit'] });
  return { path, remove: () => rm(folder, { recursive: true }) };
}

/** A network that stands in for a node's, with the files that a node and the API would bring. */
export interface TestNode extends AsyncDisposable {
  readonly place: Place;
  /** Runs a command of this machine in the node's network. */
  readonly run: (...command: readonly string[]) => Promise<string>;
}

let count = 0;

/** @throws Error where the test may not make namespaces: this needs root */
export async function makeNode(rootfs: string): Promise<TestNode> {
  if (process.getuid?.() !== 0) throw new Error('the tests of the image run containers and need root');
  count += 1;
  const name = `cw-image-${process.pid}-${count}`;
  const folder = await mkdtemp(join(tmpdir(), 'chainwright-node-'));
  await mkdir(join(folder, 'config'));
  await mkdir(join(folder, 'modules'));
  await mkdir(join(folder, 'manifests'));
  await writeFile(join(folder, 'xtables.lock'), '', { mode: 0o600 });
  for (const file of ['config.conf', 'kubeconfig.conf'] as const) {
    await writeFile(join(folder, 'config', file), configured(file));
  }
  const example = 'webapp1-nodeport.yaml';
  await copyFile(join(TOP, 'manifests/examples', example), join(folder, 'manifests', example));
  await execa('ip', ['netns', 'add', name]);
  const run = async (...command: readonly string[]): Promise<string> => {
    const { stdout } = await execa('ip', ['netns', 'exec', name, ...command]);
    return stdout;
  };
  await run('ip', 'link', 'set', 'lo', 'up');
  return {
    place: {
      rootfs,
      network: `/run/netns/${name}`,
      volumes: {
        config: join(folder, 'config'),
        'xtables-lock': join(folder, 'xtables.lock'),
        'lib-modules': join(folder, 'modules'),
      },
      more: { '/manifests': join(folder, 'manifests') },
    },
    run,
    [Symbol.asyncDispose]: async () => {
      await execa('ip', ['netns', 'delete', name]);
      await rm(folder, { recursive: true });
    },
  };
}
