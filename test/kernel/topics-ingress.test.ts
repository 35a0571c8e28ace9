import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod/mini';
import { readManifests } from '../../src/cluster/manifests.ts';
import type { Scene } from '../../src/routing/scene.ts';
import type { BackendKind } from '../../src/iptables/backend.ts';
import { startLab, type Lab } from '../../src/lab/lab.ts';
import type { Greeting } from '../../src/lab/protocol.ts';
import { CLIENT } from '../../src/lab/topology.ts';
import { findNginx } from './lab/nginx.ts';
import { dumpsOf, prediction, wayOf, type Prediction } from './lab/predicted.ts';
import { CLIENT_V4, EXAMPLES, loadExample, NODE_V4 } from './lab/scenes.ts';

const NGINX_POD = '10.244.1.60';
const NODE_PORT = { address: NODE_V4, port: 30088 };
const SITES = [
  { host: 'cats.example.com', clusterIP: '10.96.60.2', pods: ['10.244.1.160:8080', '10.244.2.160:8080'] },
  { host: 'dogs.example.com', clusterIP: '10.96.60.3', pods: ['10.244.1.161:8080', '10.244.2.161:8080'] },
] as const;
const REQUESTS = 40;

const configMap = z.object({ data: z.object({ 'nginx.conf': z.string() }) });

const nginx = await findNginx();
if (nginx.kind === 'missing') {
  process.stderr.write(`NO NGINX, so that Ingress is not tested: ${nginx.why}\n`);
}

describe.skipIf(nginx.kind === 'missing').each<BackendKind>(['nft', 'legacy'])(
  'an Ingress controller behind a node port, rules in %s',
  (backend) => {
    const resources = new AsyncDisposableStack();
    let scene: Scene;
    let lab: Lab;
    let logOf: (host: string) => readonly string[];
    beforeAll(async () => {
      const directory = await mkdtemp(join(tmpdir(), 'chainwright-nginx-'));
      resources.defer(() => rm(directory, { recursive: true }));
      scene = await loadExample('ingress.yaml');
      lab = resources.use(await startLab(scene, { backend, vacant: [NGINX_POD] }));
      logOf = await startNginx(lab, directory);
    });
    afterAll(() => resources.disposeAsync());

    it.each(SITES)('sends $host to its pods', async ({ host, clusterIP, pods }) => {
      const { statuses, greetings } = await askSite(lab, host);
      expect([statuses, greetings.length]).toEqual([['200'], REQUESTS]);
      const hops = await foretold(lab, scene, clusterIP);
      expect(hops.toNginx).toEqual({ places: [`${NGINX_POD}:8080`], sources: [CLIENT_V4] });
      expect(hops.fromNginx).toEqual({ places: pods, sources: [NGINX_POD] });

      const places = [...new Set(greetings.map(({ endpoint }) => endpoint))].sort();
      const sources = [...new Set(greetings.map(({ clientAddress }) => clientAddress))];
      expect({ places, sources }).toEqual(hops.fromNginx);
      // nginx's own log has the first hop's end, and where it went from there.
      await expect.poll(() => logOf(host).length, { timeout: 30_000 }).toBe(REQUESTS);
      expect([...new Set(logOf(host))]).toEqual([
        `${hops.toNginx.sources.join()} ${host} ${clusterIP}:80 200`,
      ]);
    });

    it('has no answer for other hosts', async () => {
      const { statuses, greetings } = await askSite(lab, 'fish.example.com');
      expect([statuses, greetings]).toEqual([['404'], []]);
    });

    it('hides the client from nginx where the policy is Cluster', async () => {
      const text = await readFile(`${EXAMPLES}ingress.yaml`, 'utf8');
      const changed = text.replace('  externalTrafficPolicy: Local\n', '');
      expect(changed).not.toBe(text);
      const { cluster } = readManifests([{ name: 'ingress.yaml', text: changed }]);
      const masked: Scene = { ...scene, cluster };
      await lab.apply(masked);
      const [{ host, clusterIP }] = SITES;
      const before = logOf(host).length;
      await askSite(lab, host);
      await expect.poll(() => logOf(host).length, { timeout: 30_000 }).toBe(before + REQUESTS);
      const seen = new Set(
        logOf(host)
          .slice(before)
          .map((line) => line.split(' ')[0]),
      );
      expect([...seen]).toEqual([NODE_V4]);
      expect((await foretold(lab, masked, clusterIP)).toNginx.sources).toEqual([NODE_V4]);
      await lab.apply(scene);
    });
  },
);

/** What `explain` makes of the two hops, by the rules in the kernel. */
async function foretold(
  lab: Lab,
  scene: Scene,
  clusterIP: string,
): Promise<{ readonly toNginx: Prediction; readonly fromNginx: Prediction }> {
  const { ipv4 } = await dumpsOf(lab);
  const toService = { address: clusterIP, port: 80 };
  return {
    toNginx: prediction(wayOf(scene, ipv4, `outside:${CLIENT_V4}`, NODE_PORT)),
    fromNginx: prediction(wayOf(scene, ipv4, `pod:${NGINX_POD}`, toService)),
  };
}

/**
 * Starts nginx in its pod, with the file of the example's ConfigMap. It goes with the lab.
 *
 * @returns the lines of its log so far that are about a host
 */
async function startNginx(lab: Lab, directory: string): Promise<(host: string) => readonly string[]> {
  const conf = join(directory, 'nginx.conf');
  const manifest: unknown = parse(await readFile(`${EXAMPLES}ingress-nginx.yaml`, 'utf8'));
  await writeFile(conf, z.parse(configMap, manifest).data['nginx.conf']);
  const [file, ...via] = lab.via(`pod-${NGINX_POD}`);
  const path = nginx.kind === 'found' ? nginx.path : '';
  // Our end of its output is a socket, which nobody can open by the name /dev/stdout; that of cat is a pipe.
  const piped = ['sh', '-c', '"$@" | cat', 'sh', path, '-c', conf];
  const child = execa(file, [...via, ...piped], { reject: false });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const ended = child.then(({ stderr }) => {
    throw new Error(`nginx ended: ${stderr}`);
  });
  await Promise.race([ended, askSite(lab, 'anybody.example.com', 1)]);
  ended.catch(() => undefined);
  return (host) => lines.filter((line) => line.split(' ')[1] === host);
}

/** Requests of the client, each on a connection of its own. */
async function askSite(
  lab: Lab,
  host: string,
  count = REQUESTS,
): Promise<{ readonly statuses: readonly string[]; readonly greetings: readonly Greeting[] }> {
  const url = `http://${NODE_PORT.address}:${NODE_PORT.port}/[1-${count}]`;
  const [file, ...via] = lab.via(CLIENT);
  const { stdout } = await execa(file, [
    ...via,
    ...['curl', '--silent', '--show-error', '--http1.0', '--header', `Host: ${host}`],
    // nginx may be starting still.
    ...['--retry', '30', '--retry-delay', '1', '--retry-connrefused', '--max-time', '30'],
    ...['--write-out', '\n%{http_code}\n', url],
  ]);
  const lines = stdout.split('\n');
  return {
    statuses: [...new Set(lines.filter((line) => /^\d{3}$/.test(line)))],
    greetings: lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Greeting),
  };
}
