import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kustomize } from './kustomize.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kustomize-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

const POD = `
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers:
    - { name: web, image: "shop/web:1", args: [a, b], env: [{ name: A, value: "1" }] }
`;
const BASE = {
  'base/kustomization.yaml':
    'resources: [pod.yaml]\nconfigMapGenerator: [{ name: c, namespace: n, files: [f] }]',
  'base/pod.yaml': POD,
  'base/f': 'text\n',
};
const container = (): unknown => {
  const { spec } = kustomize(join(folder, 'over'))[0] as unknown as { spec: { containers: unknown[] } };
  return spec.containers[0];
};

describe('our reading of kustomizations', () => {
  test('takes resources of other folders and makes ConfigMaps', async () => {
    await write({ ...BASE, 'over/kustomization.yaml': 'resources: [../base]' });
    const [pod, configMap] = kustomize(join(folder, 'over'));
    expect(pod?.metadata.name).toBe('web');
    expect(configMap).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'c' }, data: { f: 'text\n' } });
  });

  test('merges lists of named things, and replaces others', async () => {
    const patch = POD.replace('image: "shop/web:1", args: [a, b]', 'args: [c]').replace('name: A', 'name: B');
    await write({
      ...BASE,
      'over/kustomization.yaml': 'resources: [../base]\npatches: [{ path: patch.yaml }]',
      'over/patch.yaml': patch,
    });
    expect(container()).toEqual({
      name: 'web',
      image: 'shop/web:1',
      args: ['c'],
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '1' },
      ],
    });
  });

  test('renames images', async () => {
    const images = 'images: [{ name: shop/web, newName: mine, newTag: "2" }]';
    await write({ ...BASE, 'over/kustomization.yaml': `resources: [../base]\n${images}` });
    expect(container()).toMatchObject({ image: 'mine:2' });
  });

  test('deletes objects, and complains of a patch for none', async () => {
    const patch = (name: string): string =>
      `patches: [{ patch: '{ $patch: delete, kind: Pod, metadata: { name: ${name} } }' }]`;
    await write({ ...BASE, 'over/kustomization.yaml': `resources: [../base]\n${patch('web')}` });
    expect(kustomize(join(folder, 'over')).map(({ kind }) => kind)).toEqual(['ConfigMap']);
    await write({ 'over/kustomization.yaml': `resources: [../base]\n${patch('wbe')}` });
    expect(() => kustomize(join(folder, 'over'))).toThrow('no Pod wbe to patch');
  });

  test('complains of what it does not understand', async () => {
    await write({ 'over/kustomization.yaml': 'namePrefix: x-' });
    expect(() => kustomize(join(folder, 'over'))).toThrow('namePrefix is not understood');
  });
});
