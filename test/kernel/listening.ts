import { setTimeout as sleep } from 'node:timers/promises';
import { output, type Namespace } from './namespace.ts';

/** Waits until somebody listens to what the kernel tells of its nft store. */
export async function untilSomebodyListens(namespace: Namespace): Promise<void> {
  for (;;) {
    const sockets = await output(namespace, 'cat', '/proc/net/netlink');
    // Protocol 12 is netfilter's; the groups of a listener are not empty.
    if (sockets.split('\n').some((line) => /^\S+ +12 +\d+ +(?!0{8})[0-9a-f]{8} /.test(line))) return;
    await sleep(10);
  }
}
