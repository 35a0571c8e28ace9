import { expect, it } from 'vitest';
import { FaultError } from '../../../src/cluster/api/fault.ts';
import { transport } from '../../../src/cluster/api/transport.ts';

/** Of a kubeconfig whose plugin for credentials never ends. */
const send = transport(
  {
    server: 'https://192.0.2.1',
    admit: () => new Promise(() => undefined),
    renew: () => Promise.resolve(),
  },
  { userAgent: 'test', keepAlive: 1_000 },
);
const request = { method: 'GET', path: '/', answerWithin: 20 } as const;

it('does not wait for ever for credentials', async () => {
  const answer = send({ ...request, signal: new AbortController().signal });
  await expect(answer).rejects.toSatisfy(
    (error) => error instanceof FaultError && error.fault.kind === 'credentials',
  );
});

it.each(['before', 'while'])('is broken off %s it waits for credentials', async (when) => {
  const stop = new AbortController();
  if (when === 'before') stop.abort();
  const answer = send({ ...request, answerWithin: 3_600_000, signal: stop.signal });
  stop.abort();
  await expect(answer).rejects.toThrow(/aborted/);
});
