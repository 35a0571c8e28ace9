import { readManifests } from '../../../../src/cluster/manifests.ts';
import { usedOrRefused } from '../../used-or-refused.ts';

/** Manifests, YAML or JSON. */
export function fuzz(data: Buffer): void {
  usedOrRefused(() => readManifests([{ name: 'web.yaml', text: data.toString() }]));
}
