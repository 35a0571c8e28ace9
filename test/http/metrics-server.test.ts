import { afterEach, describe, expect, test } from 'vitest';
import { configurationObject } from '../../src/config/write.ts';
import { text as textAnswer } from '../../src/health/http/answer.ts';
import type { Routes } from '../../src/health/http/routes.ts';
import { serve } from '../../src/health/http/serve.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { FLAGS } from '../../src/config/flags.ts';
import { flagzText } from '../../src/metrics/zpages.ts';
import { metricsRoutes } from '../../src/metrics/routes.ts';
import { readExposition } from '../unit/metrics/exposition.ts';
import { read } from '../unit/config/reading.ts';
import { ask, freePort, LOOPBACK } from './asking.ts';
import { recorded } from './recorded.ts';

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function started({ enableProfiling = false, more = {} } = {}): Promise<number> {
  const port = await freePort();
  const signal = new AbortController();
  const { configuration } = read(configzText());
  const routes = metricsRoutes({
    metricsText: createMetrics('1.2.3').text,
    configuration: () => configurationObject(configuration),
    enableProfiling,
    version: '1.2.3',
    flags: () => flagzText(FLAGS, { 'masquerade-all': ['true'] }),
    status: () => ({ verdict: 'healthy' }),
  });
  await new Promise<void>((resolve) => {
    const served = serve({
      server: 'metrics',
      at: { address: LOOPBACK, port },
      routes: { ...routes, ...more },
      hardFail: true,
      signal: signal.signal,
      report: () => resolve(),
    });
    stops.push(() => {
      signal.abort();
      return served;
    });
  });
  return port;
}

/** The configuration that kube-proxy ran with when it was recorded. */
function configzText(): string {
  const configz = JSON.parse(recorded('configz').body) as Readonly<Record<string, unknown>>;
  return JSON.stringify(configz['kubeproxy.config.k8s.io']);
}

describe('kube-proxy answered', () => {
  test('/flagz with a line for each flag, and so do we', async () => {
    const lines = (page: string) => page.split('\n').filter((line) => /^[a-z0-9-]+ /.test(line));
    const names = (page: string) => lines(page).map((line) => line.replace(/ .*/, ''));
    const { status, headers, body } = await ask(await started(), '/flagz');
    const theirs = recorded('flagz');
    expect(status).toBe(200);
    expect(headers['Content-Type']).toBe(theirs.headers['Content-Type']);
    expect(names(body)).toEqual(names(theirs.body).filter((name) => name !== 'help'));
    expect(lines(body)).toEqual(
      expect.arrayContaining(['masquerade-all true', 'iptables-masquerade-bit 14']),
    );
  });

  test('/statusz with the same rows, but for what is of Go', async () => {
    const { status, body } = await ask(await started(), '/statusz');
    const rows = (page: string) =>
      [...page.matchAll(/^([A-Z][a-zA-Z. ]+?)(:| {2}|=)/gm)].map(([, name]) => name);
    expect(status).toBe(200);
    const common = rows(recorded('statusz').body).filter(
      (name) => !/^(Go|Emulation) version/.test(name ?? ''),
    );
    expect(common).toContain('Binary version');
    expect(rows(body)).toEqual(expect.arrayContaining(common));
    expect(body).toContain('Binary version: 1.2.3');
    expect(body).toContain('Paths: /configz /flagz /healthz /metrics /proxyMode /status\n');
  });

  test.each([
    ['/healthz', 'metrics-healthz'],
    ['/proxyMode', 'proxyMode'],
    ['/configz', 'configz'],
  ])('%s, and so do we', async (path, name) => {
    const { status, headers, body } = await ask(await started(), path);
    const theirs = recorded(name);
    expect(body).toBe(theirs.body);
    expect(status).toBe(theirs.status);
    expect(headers).toEqual({ ...theirs.headers, Date: headers.Date });
  });

  test('/metrics, and we say so in the same format', async () => {
    const { status, headers, body } = await ask(await started(), '/metrics');
    const theirs = recorded('metrics').headers;
    expect(status).toBe(200);
    expect(headers['Content-Type']).toBe(theirs['Content-Type']);
    expect(Object.keys(headers)).toContain('Process-Start-Time-Unix');
    expect(readExposition(body).get('chainwright_build_info')?.lines).toEqual([
      `chainwright_build_info{node_version="${process.version}",version="1.2.3"} 1`,
    ]);
  });
});

test('nothing is said of profiles without enableProfiling', async () => {
  expect(await ask(await started(), '/debug/pprof/')).toMatchObject({ status: 404 });
});

test('enableProfiling brings a word on why there are none', async () => {
  const port = await started({ enableProfiling: true });
  for (const path of ['/debug/pprof', '/debug/pprof/', '/debug/pprof/heap?debug=1']) {
    const { status, body } = await ask(port, path);
    expect(status).toBe(501);
    expect(body).toContain('pprof is for Go');
  }
});

describe('a route that is added', () => {
  test('gets the path and the query', async () => {
    const more: Routes = { '/explain': ({ query }) => textAnswer(200, query.get('to') ?? '') };
    expect((await ask(await started({ more }), '/explain?to=10.0.0.1%3A80')).body).toBe('10.0.0.1:80');
  });

  test('may answer in pieces, which HEAD does not pull', async () => {
    let pulled = 0;
    function* pieces() {
      for (let index = 0; index < 1000; index += 1) {
        pulled += 1;
        yield `${index}\n`;
      }
    }
    const more: Routes = { '/rules': () => ({ status: 200, headers: {}, body: pieces() }) };
    const port = await started({ more });
    expect(await ask(port, '/rules', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
    expect(pulled).toBe(0);
    expect((await ask(port, '/rules')).body.split('\n')).toHaveLength(1001);
  });
});
