import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Misdeed } from '../api/fake-server.ts';
import { IS_LONG, makeScene, PATIENCE, type Scene } from './scene.ts';

/*
 * What the API server may do to a daemon that writes rules. That each fault of it is understood is shown in
 * test/api; here, that none of them touches a packet. Each test is a row of the table in README.md.
 */

const TIMEOUT = { timeout: 120_000 };

describe('services that nobody touches lose nothing, and the rest follows, beside an API server', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await makeScene('nft', () => [], 'an API server');
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  it('that dies, and comes back', TIMEOUT, async () => {
    scene.newLog();
    await scene.misbehave({ do: 'stop' });
    let log = '';
    await expect.poll(() => (log += scene.newLog()), PATIENCE).toContain('WARN');
    const desired = await scene.edit('services and node');
    await scene.expectNoLoss();
    await scene.misbehave({ do: 'startAgain' });
    await scene.expectSettled(desired);
  });

  it.each(['end', 'reset'] as const)('whose watches %s', TIMEOUT, async (how) => {
    await scene.misbehave({ do: 'endWatches', how });
    await scene.expectSettled(await scene.edit('services and node'));
  });

  it('that forgets all versions, so that everything is listed anew', TIMEOUT, async () => {
    const desired = await scene.edit('services and node');
    await scene.misbehave({ do: 'forget' });
    await scene.expectSettled(desired);
    await scene.expectSettled(await scene.edit());
  });

  const MISDEEDS: readonly (readonly [string, Misdeed])[] = [
    ['503', { do: 'answer', status: { code: 503, reason: 'ServiceUnavailable', message: 'etcd is gone' } }],
    ['a page in HTML, with 200', { do: 'proxyAnswer', code: 200, body: '<html>a proxy</html>' }],
    ['403', { do: 'answer', status: { code: 403, reason: 'Forbidden', message: 'no more' } }],
    ['a broken connection', { do: 'reset' }],
  ];
  it.each(IS_LONG ? MISDEEDS : MISDEEDS.slice(0, 2))(
    'that answers everything with %s for a while',
    TIMEOUT,
    async (_, misdeed) => {
      scene.newLog();
      await scene.misbehave({ do: 'answerWrongly', fault: { on: 'any', times: 1_000, misdeed } });
      let log = '';
      await expect.poll(() => (log += scene.newLog()), PATIENCE).toContain('WARN');
      const desired = await scene.edit();
      await scene.expectNoLoss();
      await scene.misbehave({ do: 'mend' });
      await scene.expectSettled(desired);
    },
  );
});
