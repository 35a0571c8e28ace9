import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleanConntrack } from '../../../src/conntrack/clean.ts';
import { endpoint, route, scene } from './building.ts';

let directory = '';
beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'conntrack-'))));
afterEach(async () => rm(directory, { recursive: true }));

const STALE =
  'ipv4 2 udp 17 29 src=10.0.0.1 dst=10.96.0.10 sport=1000 dport=53 ' +
  'src=10.244.0.9 dst=10.0.0.1 sport=53 dport=1000 mark=0 use=1 id=1';
const dns = route({}, [endpoint('10.244.0.5', 53)]);

/** A program that stands before the tool, as `ip netns exec node` would, and plays it. */
async function playing(...script: readonly string[]): Promise<readonly string[]> {
  const file = join(directory, 'via');
  await writeFile(file, ['#!/bin/sh', `cd ${directory}`, 'echo "$@" >> commands', ...script, ''].join('\n'));
  await chmod(file, 0o755);
  return [file];
}

const commands = async () => (await readFile(join(directory, 'commands'), 'utf8')).trim().split('\n');

describe('cleaning', () => {
  it('lists only what could be stale, and deletes what is, be it gone already', async () => {
    const via = await playing(
      `case "$2" in -L) echo '${STALE}'; echo garbage; echo '${STALE.replace('10.244.0.9', '10.244.0.8')}'; exit;; esac`,
      'case "$*" in *10.244.0.9*) echo entry;; *) echo "v1: 0 flow entries have been deleted." >&2; exit 1;; esac',
    );
    const outcome = await cleanConntrack({ family: 'ipv4', via, ...scene([dns]) });
    expect(outcome).toEqual({
      kind: 'cleaned',
      entries: 2,
      malformed: 1,
      stale: { notServing: 2 },
      deleted: 1,
    });
    const deletion = 'conntrack -D -f ipv4 -p udp --orig-dst 10.96.0.10 --orig-port-dst 53';
    expect(await commands()).toEqual([
      'conntrack -L -f ipv4 -p udp -o extended,id',
      `${deletion} --reply-src 10.244.0.9 --reply-port-src 53`,
      `${deletion} --reply-src 10.244.0.8 --reply-port-src 53`,
    ]);
  });

  it('does not run the tool where nothing can be stale', async () => {
    const nobody = route({}, []);
    const via = ['/does/not/exist'];
    expect(await cleanConntrack({ family: 'ipv4', via, ...scene([nobody]) })).toEqual({
      kind: 'nothingToLookFor',
    });
  });

  it.each([
    ['here', () => Promise.resolve(['/does/not/exist'])],
    ['where another program should start it', () => playing('exit 127')],
  ])('says so where the tool is missing %s', async (_, prepare) => {
    const via = await prepare();
    const outcome = await cleanConntrack({ family: 'ipv4', via, ...scene([dns]) });
    expect(outcome).toMatchObject({ kind: 'toolMissing' });
  });

  it('tells what the tool says where it fails, and how far it came', async () => {
    const via = await playing(
      `case "$2" in -L) echo '${STALE}';; *) echo deleted; echo "Operation not permitted" >&2; exit 1;; esac`,
    );
    const outcome = await cleanConntrack({ family: 'ipv4', via, ...scene([dns]) });
    expect(outcome).toMatchObject({ kind: 'failed', deleted: 1 });
    expect(outcome).toHaveProperty('message', expect.stringContaining('Operation not permitted'));
  });
});
