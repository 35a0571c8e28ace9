import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { directorySource } from '../../../src/cluster/directory/source.ts';
import type { Change } from '../../../src/cluster/source.ts';
import type { ApiObject } from '../../api/fake-store.ts';
import { node, service, slice } from '../../api/objects.ts';

let parent: string;
let directory: string;
let stop: AbortController;
let running: Promise<void> | undefined;
let batches: (readonly Change[])[];
let warnings: string[];
let synced: number;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'chainwright-directory-'));
  directory = join(parent, 'manifests');
  stop = new AbortController();
  running = undefined;
  batches = [];
  warnings = [];
  synced = 0;
});

afterEach(async () => {
  stop.abort();
  await running;
  rmSync(parent, { recursive: true });
});

function start(timing: { quiet?: number; poll?: number } = {}): void {
  const source = directorySource({
    directory,
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (line: unknown) => void warnings.push(String(line)),
    },
    timing: { quiet: 20, patience: 300, poll: 60_000, ...timing },
  });
  running = source.run(
    {
      onChanges: (changes) => void batches.push(changes),
      onSynced: () => {
        synced += 1;
      },
    },
    stop.signal,
  );
}

function write(name: string, ...objects: readonly ApiObject[]): void {
  const text = objects.map((object) => stringify({ ...kindOf(object), ...object })).join('---\n');
  writeFileSync(join(directory, name), text);
}

function kindOf(object: ApiObject): object {
  if ('addressType' in object) return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' };
  return { apiVersion: 'v1', kind: object.metadata.namespace === undefined ? 'Node' : 'Service' };
}

/** The changes of the batch that comes next. */
async function batch(): Promise<readonly string[]> {
  const before = batches.length;
  for (let tries = 0; batches.length === before && tries < 300; tries += 1) await sleep(10);
  return (batches[before] ?? []).map(
    ({ kind, key, object }) => `${object === undefined ? '-' : '+'} ${kind} ${key}`,
  );
}

async function startWith(...objects: readonly ApiObject[]): Promise<void> {
  mkdirSync(directory);
  write('all.yaml', ...objects);
  start();
  while (synced === 0) await sleep(5);
}

describe('a directory of manifests as a source', () => {
  it('tells what it holds in one call, and is synced then', async () => {
    await startWith(service('web'), slice('web', ['10.244.1.1']), node('node-a'));
    expect(batches.map((changes) => changes.map(({ kind, key }) => `${kind} ${key}`))).toEqual([
      ['service shop/web', 'slice shop/web-abcde', 'node node-a'],
    ]);
    expect(synced).toBe(1);
  });

  it('tells what differs, and nothing else', async () => {
    await startWith(service('web'), service('cart'), service('api'));
    write('all.yaml', service('web'), service('cart', { sessionAffinity: 'ClientIP' }), service('new'));
    expect(await batch()).toEqual(['- service shop/api', '+ service shop/cart', '+ service shop/new']);
    expect(synced).toBe(1);
  });

  it('tells a burst of writes in one call', async () => {
    await startWith(service('web'));
    for (let index = 0; index < 10; index += 1) {
      write(`more-${index}.yaml`, service(`s-${index}`));
      await sleep(3);
    }
    expect(await batch()).toHaveLength(10);
  });

  it('tells no change of an object that moves from one file to another', async () => {
    await startWith(service('web'), service('cart'));
    write('all.yaml', service('web'));
    write('cart.yaml', service('cart'));
    write('late.yaml', service('late'));
    expect(await batch()).toEqual(['+ service shop/late']);
  });

  it('does not wait for ever for a writer that never pauses', async () => {
    await startWith(service('web'));
    const before = batches.length;
    for (let index = 0; index < 80 && batches.length === before; index += 1) {
      write('busy.yaml', service(`s-${index}`));
      await sleep(10);
    }
    expect(batches.length).toBeGreaterThan(before);
  });

  it('keeps what it knows while a file is broken, and says what is wrong once', async () => {
    await startWith(service('web'), service('cart'));
    write('broken.yaml', service('bad', { ports: [{ port: 99_999 }] }));
    writeFileSync(join(directory, 'worse.yaml'), 'a: [');
    rmSync(join(directory, 'worse.yaml'));
    while (warnings.length === 0) await sleep(5);
    write('other.yaml', service('other'));
    await sleep(150);
    expect(batches).toHaveLength(1);
    expect(warnings).toEqual([
      `${join(directory, 'broken.yaml')}: Service shop/bad: spec.ports[0].port: expected a port from 1 to 65535, got 99999; what was read before stays in force`,
    ]);
    write('broken.yaml', service('bad'));
    expect(await batch()).toEqual(['+ service shop/bad', '+ service shop/other']);
  });

  it('tells nothing of a file that is half written', async () => {
    await startWith(service('web'));
    writeFileSync(join(directory, 'half.yaml'), 'apiVersion: v1\nkind: Service\nmetadata: {name: a, name');
    await sleep(100);
    expect(batches).toHaveLength(1);
    write('half.yaml', service('whole'));
    expect(await batch()).toEqual(['+ service shop/whole']);
  });

  it('survives that the directory goes and comes back', async () => {
    await startWith(service('web'));
    renameSync(directory, join(parent, 'away'));
    await sleep(100);
    mkdirSync(directory);
    await sleep(100);
    write('all.yaml', service('back'));
    expect(await batch()).toEqual(['- service shop/web', '+ service shop/back']);
  });

  it('is not synced before the directory is there and holds something', async () => {
    start();
    await sleep(100);
    expect(warnings.join()).toContain('no such file or directory; nothing is known yet');
    mkdirSync(directory);
    await sleep(1_200);
    expect(synced).toBe(0);
    write('all.yaml', service('web'));
    expect(await batch()).toEqual(['+ service shop/web']);
    expect(synced).toBe(1);
  });

  it('takes an empty directory for one that is not there, and an empty List for its word', async () => {
    await startWith(service('web'));
    rmSync(join(directory, 'all.yaml'));
    while (warnings.length === 0) await sleep(5);
    expect(batches).toHaveLength(1);
    writeFileSync(join(directory, 'none.yaml'), 'apiVersion: v1\nkind: List\nitems: []\n');
    expect(await batch()).toEqual(['- service shop/web']);
  });

  it('notices in time what it did not hear of', async () => {
    mkdirSync(directory);
    const target = join(parent, 'target');
    mkdirSync(target);
    write('all.yaml', service('web'));
    start({ poll: 50 });
    while (synced === 0) await sleep(5);
    // Replaced as a whole: what is watched is the old one.
    writeFileSync(join(target, 'all.yaml'), '');
    rmSync(directory, { recursive: true });
    renameSync(target, directory);
    write('all.yaml', service('other'));
    expect(await batch()).toEqual(['- service shop/web', '+ service shop/other']);
  });

  it('stops at once', async () => {
    await startWith(service('web'));
    const begin = performance.now();
    stop.abort();
    await running;
    expect(performance.now() - begin).toBeLessThan(50);
  });
});
