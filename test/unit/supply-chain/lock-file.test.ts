import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { ROOT } from '../../support/cases.ts';

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

const text = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
const { packages } = JSON.parse(text) as { readonly packages: Readonly<Record<string, LockedPackage>> };
const others = Object.entries(packages).filter(([path]) => path !== '');

describe('the lock file', () => {
  test('pins the content of every package by its hash', () => {
    expect(others.length).toBeGreaterThan(100);
    const loose = others.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''));
    expect(loose).toEqual([]);
  });

  test('names no host, file or repository that a package would come from', () => {
    expect(others.filter(([, { resolved, link }]) => resolved !== undefined || link === true)).toEqual([]);
    expect(text).not.toMatch(/"resolved"|git\+|file:/);
  });

  test('lets no package run a script of its own at its installation, but for these', () => {
    const scripted = others.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    expect(scripted.map(([path]) => path.replace(/^.*node_modules\//, '')).sort()).toEqual(SCRIPTED);
  });
});

/** esbuild puts its binary in place of the script that starts it. */
const SCRIPTED = ['esbuild'];

test('package.json asks for exact versions', () => {
  const { dependencies, devDependencies, optionalDependencies } = packageJson;
  for (const [name, version] of Object.entries({
    ...dependencies,
    ...devDependencies,
    ...optionalDependencies,
  })) {
    expect(`${name} ${version}`).toMatch(/ \d+\.\d+\.\d+$/);
  }
});
