import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

export interface Ended {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A container that was started. */
export interface Running extends PromiseLike<Ended> {
  readonly signal: (name: string) => Promise<void>;
}

let count = 0;

/**
 * Starts a container by crun, which does to the process what the kubelet's runtime does.
 *
 * crun does not like machines with both versions of cgroups, though it is to make none: there, it gets to see
 * the first version only, in a mount namespace of its own.
 *
 * @param config of the OCI runtime specification
 */
export function startContainer(config: object, input = ''): Running {
  count += 1;
  const id = `chainwright-test-${process.pid}-${count}`;
  const work = runIn(id, config, input);
  return {
    then: (...callbacks) => work.then(...callbacks),
    signal: async (name) => {
      await execa('crun', ['kill', id, name]);
    },
  };
}

async function runIn(id: string, config: object, input: string): Promise<Ended> {
  const bundle = await mkdtemp(join(tmpdir(), 'chainwright-bundle-'));
  try {
    await mkdir(join(bundle, 'rootfs'));
    await writeFile(join(bundle, 'config.json'), JSON.stringify(config));
    const crun = ['crun', '--cgroup-manager=disabled', 'run', '--bundle', bundle, id];
    const script = 'mountpoint -q /sys/fs/cgroup/unified && umount /sys/fs/cgroup/unified; exec "$@"';
    const { exitCode, stdout, stderr } = await execa(
      'unshare',
      ['--mount', 'sh', '-c', script, 'sh', ...crun],
      { input, reject: false, timeout: 50_000 },
    );
    return { exitCode, stdout, stderr };
  } finally {
    await rm(bundle, { recursive: true });
  }
}
