import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { BUNDLE } from '../cli/chainwright.ts';
import { makeNamespace, output, type Namespace } from './namespace.ts';
import { HOST_FLAGS, startProxy } from './traffic/proxy.ts';

const service = (name: string, nodePort: number) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'web' },
  spec: { type: 'NodePort', clusterIP: `10.96.0.${nodePort % 250}`, ports: [{ port: 80, nodePort }] },
});

/** A process of the node that listens, until the resources are disposed of. */
async function listenOn(node: Namespace, ports: readonly number[], resources: AsyncDisposableStack) {
  const program = `const net = require('net'); let open = ${ports.length};
    for (const port of ${JSON.stringify(ports)})
      net.createServer().listen(port, '0.0.0.0', () => { if (--open === 0) console.log('ready'); });`;
  const [file, ...via] = node.via;
  const child = execa(file, [...via, process.execPath, '-e', program], { reject: false });
  resources.defer(async () => {
    child.kill('SIGKILL');
    await child;
  });
  await once(child.stdout, 'data');
}

it('a node port that a process of the node listens on is told at once, at the start and when a service comes', async () => {
  await using node = await makeNamespace();
  await using resources = new AsyncDisposableStack();
  await output(node, 'ip', 'link', 'set', 'lo', 'up');
  const directory = await mkdtemp(join(tmpdir(), 'chainwright-taken-'));
  resources.defer(() => rm(directory, { recursive: true }));
  await listenOn(node, [30_080, 30_081], resources);
  await writeFile(join(directory, 'first.json'), JSON.stringify(service('first', 30_080)));
  const source = ['--source', `dir:${directory}`, '--hostname-override', 'node-a'];
  const proxy = startProxy(node, [process.execPath, BUNDLE, 'run', ...source, ...HOST_FLAGS]);
  resources.defer(() => proxy.kill('everything'));
  // Far less than the minute after which it looks anyway.
  await expect
    .poll(proxy.log, { timeout: 8_000 })
    .toContain('node port 30080/tcp of web/first gets what is meant for');
  expect(proxy.log()).not.toContain('30081');
  await writeFile(join(directory, 'second.json'), JSON.stringify(service('second', 30_081)));
  await expect
    .poll(proxy.log, { timeout: 8_000 })
    .toContain('node port 30081/tcp of web/second gets what is meant for');
  expect(proxy.log().match(/gets what is meant for/g)).toHaveLength(2);
  expect(await proxy.stop(), proxy.log()).toBe(0);
});
