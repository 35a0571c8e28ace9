import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifestFiles } from '../../../src/cluster/read-files.ts';

let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'chainwright-test-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

function written(text: string): string {
  const path = join(directory, 'web.yaml');
  writeFileSync(path, text);
  return path;
}

describe('a file of manifests that was named', () => {
  it.each(['', '\n\n', '---\n', '# Source: web.yaml\r\n \t\n--- # empty\n...\n'])(
    'has nothing in it: %j',
    async (text) => {
      await expect(readManifestFiles([written(text)])).rejects.toThrow(
        'web.yaml: expected manifests, got nothing',
      );
    },
  );

  it.each(['a: 1', '---\n# a\n a: 1', '--- {a: 1}', '\n\nkind: List\nitems: []\n'])(
    'has something: %j',
    async (text) => {
      expect(await readManifestFiles([written(text)])).toEqual([{ name: join(directory, 'web.yaml'), text }]);
    },
  );

  it('may have nothing in it where its directory was named', async () => {
    written('# left out by a template\n');
    expect(await readManifestFiles([directory])).toHaveLength(1);
  });
});
