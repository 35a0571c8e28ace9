import { describe, expect, it } from 'vitest';
import { readManifests } from '../../../src/cluster/manifests.ts';
import type { Source, SourceListener } from '../../../src/cluster/source.ts';
import { clusterOnce } from '../../../src/cluster/cluster-once.ts';
import { port, service, slice } from '../ports/building.ts';

const { cluster } = readManifests(
  [service('a', { ports: [port(30080)] }), slice('a', ['node-a'])].map((object, index) => ({
    name: `object ${index}`,
    text: JSON.stringify(object),
  })),
);
const [object] = cluster.services;

/** A source that says this and then follows its cluster for ever. */
function source(tell: (listener: SourceListener) => void): Source {
  return {
    run: (listener, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
        tell(listener);
      }),
  };
}

describe('a source is followed until it has told all', () => {
  it('and what it told last counts', async () => {
    const once = clusterOnce(
      source(({ onChanges, onSynced }) => {
        onChanges([
          { kind: 'service', key: 'web/a', object },
          { kind: 'service', key: 'web/gone', object },
          { kind: 'slice', key: 'web/a-ipv4', object: cluster.slices[0] },
        ]);
        onChanges([{ kind: 'service', key: 'web/gone', object: undefined }]);
        onSynced();
      }),
      new AbortController().signal,
    );
    expect(await once).toEqual(cluster);
  });

  it('or until somebody gives up, for his reason', async () => {
    const giveUp = new AbortController();
    const once = clusterOnce(
      source(() => undefined),
      giveUp.signal,
    );
    giveUp.abort(new Error('no answer'));
    await expect(once).rejects.toThrow('no answer');
  });
});
