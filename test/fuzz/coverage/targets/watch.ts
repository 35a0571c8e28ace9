import assert from 'node:assert/strict';
import { ENDPOINT_SLICES, ownNode, SERVICES, type Resource } from '../../../../src/cluster/api/resource.ts';
import { decoded, itemsOf } from '../../decoded.ts';
import { pieces } from '../../../support/pieces.ts';

const RESOURCES = [SERVICES, ENDPOINT_SLICES, ownNode('node-a')] as readonly Resource<unknown>[];

/** Lines of a watch, and lists: the same however they are cut, and faults are told as such. */
export function fuzz(data: Buffer): void {
  const cut = pieces(data, [data[0] ?? 0, data.length >> 1]);
  for (const resource of RESOURCES) assert.deepEqual(decoded(resource, cut), decoded(resource, [data]));
  assert.deepEqual(itemsOf(cut), itemsOf([data]));
}
