import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { nodeEvents, type NodeEvent } from '../../../src/cluster/api/node-event.ts';
import type { ApiRequest } from '../../../src/cluster/api/transport.ts';

const EVENT: NodeEvent = { type: 'Normal', reason: 'Starting', action: 'StartKubeProxy', note: '' };

const TAKEN = () => Promise.resolve(new IncomingMessage(new Socket()));

function recorder(answer: () => Promise<IncomingMessage> = TAKEN) {
  const requests: ApiRequest[] = [];
  const debug: unknown[] = [];
  const stop = new AbortController();
  const post = nodeEvents({
    send: (request) => {
      requests.push(request);
      return answer();
    },
    nodeName: 'node-a',
    log: { debug: (...words: unknown[]) => void debug.push(words) },
    signal: stop.signal,
  });
  return { requests, debug, post, stop };
}

describe('Events about the node', () => {
  it('are those of events.k8s.io, in the default namespace, about the Node', () => {
    const { post, requests } = recorder();
    post({ ...EVENT, note: 'hello' });
    expect(requests[0]).toMatchObject({
      method: 'POST',
      path: '/apis/events.k8s.io/v1/namespaces/default/events',
      body: {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { namespace: 'default' },
        reportingController: 'chainwright',
        action: 'StartKubeProxy',
        reason: 'Starting',
        regarding: { kind: 'Node', name: 'node-a', uid: 'node-a' },
        note: 'hello',
        type: 'Normal',
      },
    });
    const { metadata, eventTime } = requests[0]?.body as { metadata: { name: string }; eventTime: string };
    expect(metadata.name).toMatch(/^node-a\.[0-9a-f]{16}$/);
    expect(eventTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  it('are in the namespace of a Service, where they are about one', () => {
    const { post, requests } = recorder();
    post({ ...EVENT, service: { namespace: 'shop', name: 'web' } });
    expect(requests[0]).toMatchObject({
      path: '/apis/events.k8s.io/v1/namespaces/shop/events',
      body: {
        metadata: { namespace: 'shop', name: expect.stringMatching(/^web\.[0-9a-f]{16}$/) as string },
        regarding: { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web' },
      },
    });
  });

  it('are not repeated, and not many at once', () => {
    const { post, requests } = recorder();
    post(EVENT);
    post(EVENT);
    expect(requests).toHaveLength(1);
    for (let index = 0; index < 100; index += 1) post({ ...EVENT, note: String(index) });
    expect(requests).toHaveLength(10);
  });

  it('are cut to what the API server takes', () => {
    const { post, requests } = recorder();
    post({ ...EVENT, note: '€'.repeat(1_000) });
    const { note } = requests[0]?.body as { note: string };
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1_024);
    expect(note).toMatch(/^€+…$/);
  });

  it('never throw', async () => {
    const { post, debug } = recorder(() => Promise.reject(new Error('403 Forbidden')));
    post(EVENT);
    await Promise.resolve().then(() => undefined);
    expect(JSON.stringify(debug)).toContain('403 Forbidden');
  });

  it('end with the daemon', () => {
    const { post, requests, stop } = recorder();
    stop.abort();
    post(EVENT);
    expect(requests).toEqual([]);
  });
});
