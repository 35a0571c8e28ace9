import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfigFile } from '../../../src/config/read-file.ts';

describe('reading a configuration file', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chainwright-config-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('gives its text and its name as it was called', async () => {
    const name = join(folder, 'kube-proxy.yaml');
    await writeFile(name, 'a: µ\n');
    expect(await readConfigFile(name)).toEqual({ name, text: 'a: µ\n' });
  });

  test('tells of a missing file', async () => {
    const name = join(folder, 'missing.yaml');
    await expect(readConfigFile(name)).rejects.toThrow(`${name}: no such file`);
  });

  test('tells of a directory', async () => {
    await expect(readConfigFile(folder)).rejects.toThrow(`${folder}: is a directory, not a file`);
  });

  test('tells of a path through a file', async () => {
    await writeFile(join(folder, 'file'), '');
    const name = join(folder, 'file', 'x.yaml');
    await expect(readConfigFile(name)).rejects.toThrow(
      `${name}: no such file: part of the path is no directory`,
    );
  });

  test('tells of bytes that are no UTF-8', async () => {
    const name = join(folder, 'binary.yaml');
    await writeFile(name, Buffer.from([0x61, 0xff, 0xfe]));
    await expect(readConfigFile(name)).rejects.toThrow(`${name}: is not UTF-8 text`);
  });
});
