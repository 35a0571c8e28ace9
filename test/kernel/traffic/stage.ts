import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackendKind } from '../../../src/iptables/backend.ts';
import { output } from '../namespace.ts';
import { makeNetwork, type Network } from './network.ts';

/** A network whose node uses one of the kernel's stores, and a directory for the test. */
export interface TrafficStage extends AsyncDisposable {
  readonly network: Network;
  readonly directory: string;
  /** In the directory: what a daemon follows. */
  readonly manifests: string;
}

export async function makeTrafficStage(kind: BackendKind): Promise<TrafficStage> {
  const resources = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'chainwright-traffic-'));
  resources.defer(() => rm(directory, { recursive: true }));
  const manifests = join(directory, 'manifests');
  await mkdir(manifests);
  const network = resources.use(await makeNetwork(kind));
  // The kubelet's mark: this store is the one in use.
  await output(network.node, `iptables-${kind}`, '-t', 'mangle', '-N', 'KUBE-KUBELET-CANARY');
  return { network, directory, manifests, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
