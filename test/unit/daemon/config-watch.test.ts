import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config/load.ts';
import { readConfigFile } from '../../../src/config/read-file.ts';
import { configChange } from '../../../src/daemon/config-watch.ts';

const TIMING = { quiet: 10, certain: 50, poll: 60_000 };

const config = (fields: string): string =>
  `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n${fields}`;
const BEFORE = config('mode: iptables\n');
const AFTER = config('mode: iptables\niptables:\n  masqueradeAll: true\n');

let directory: string;
let path: string;
let stop: AbortController;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chainwright-config-'));
  path = join(directory, 'config.conf');
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await rm(directory, { recursive: true });
});

/** Watches the file as it is now. */
async function watching(flags: Readonly<Record<string, readonly string[]>> = {}) {
  const file = await readConfigFile(path);
  const log: string[] = [];
  const tell = (line: unknown): void => void log.push(String(line));
  const { configuration } = readConfig({ file, flags });
  const options = { file, flags, running: configuration, log: { info: tell, warn: tell }, timing: TIMING };
  const change = configChange(options, stop.signal);
  return { change, log };
}

describe('a configuration file that changes', () => {
  it('ends the watch with what is different, when it is written in place', async () => {
    await writeFile(path, BEFORE);
    const { change } = await watching();
    await writeFile(path, AFTER);
    expect(await change).toEqual(['iptables.masqueradeAll: false -> true']);
  });

  it('is seen when a ConfigMap is replaced, which swaps a link beside it', async () => {
    const version = async (name: string, text: string): Promise<void> => {
      await mkdir(join(directory, name));
      await writeFile(join(directory, name, 'config.conf'), text);
      await symlink(name, join(directory, '..data_tmp'));
      await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    };
    await version('..2026_11_21_1', BEFORE);
    await symlink('..data/config.conf', path);
    const { change } = await watching();
    await version('..2026_11_21_2', AFTER);
    await rm(join(directory, '..2026_11_21_1'), { recursive: true });
    expect(await change).toEqual(['iptables.masqueradeAll: false -> true']);
  });

  it('is seen though it changed before the watch began', async () => {
    await writeFile(path, BEFORE);
    const { change } = await watching();
    await rm(path);
    await writeFile(path, AFTER);
    expect(await change).toEqual(['iptables.masqueradeAll: false -> true']);
  });

  it.each([
    ['is no YAML', config('iptables: [')],
    ['has a wrong value', config('iptables:\n  masqueradeBit: 77\n')],
    ['is half written', AFTER.slice(0, 40)],
    ['is empty', ''],
  ])('is waited for while it %s', async (_, wrong) => {
    await writeFile(path, BEFORE);
    const { change, log } = await watching();
    await writeFile(path, wrong);
    await expect.poll(() => log.join('\n')).toContain('the configuration read at the start stays in force');
    const told = log.length;
    await writeFile(path, AFTER);
    expect(await change).toEqual(['iptables.masqueradeAll: false -> true']);
    expect(log).toHaveLength(told);
  });

  it('is waited for while it is gone', async () => {
    await writeFile(path, BEFORE);
    const { change, log } = await watching();
    await rm(path);
    await expect.poll(() => log.join('\n')).toContain('no such file');
    await writeFile(path, AFTER);
    expect(await change).toHaveLength(1);
  });

  it('goes on being watched where the new text means the same', async () => {
    await writeFile(path, BEFORE);
    const { change, log } = await watching({ 'masquerade-all': ['true'] });
    // The flag wins over it.
    await writeFile(path, `# a comment\n${AFTER}`);
    await expect.poll(() => log).toEqual([`${path}: changed, and means the same`]);
    await writeFile(path, config('mode: iptables\nclusterCIDR: 10.1.0.0/16\n'));
    expect(await change).toEqual([expect.stringContaining('10.1.0.0/16')]);
  });

  it('is no longer watched when the daemon ends', async () => {
    await writeFile(path, BEFORE);
    const { change } = await watching();
    stop.abort();
    expect(await change).toBeUndefined();
  });
});
