import { expect, it, onTestFinished } from 'vitest';
import { makeNamespace, type Namespace } from './namespace.ts';
import { startPeer, type PeerProcess } from './peer-process.ts';

const PEER = new URL('sole-instance-peer.ts', import.meta.url);

async function staged(): Promise<(...args: readonly string[]) => PeerProcess> {
  const namespace: Namespace = await makeNamespace();
  onTestFinished(() => namespace[Symbol.asyncDispose]());
  return (...args) => {
    const peer = startPeer(namespace, PEER, args);
    onTestFinished(peer.end);
    return peer;
  };
}

it('an instance asks at leisure where the holder of its name hangs up at once', async () => {
  const start = await staged();
  const holder = start('hang-up');
  expect(await holder.next()).toBe('holding');
  expect(await start('begin', '3000').next()).toBe('begun');
  holder.tell('count');
  expect(Number(await holder.next())).toBeLessThan(10);
});

it('an instance keeps few connections of those that wait for its end', async () => {
  const start = await staged();
  expect(await start('begin', '60000').next()).toBe('begun');
  const crowd = start('crowd', '100');
  for (let ended = 0; ended < 80; ended += 1) expect(await crowd.next()).toBe('ended');
});
