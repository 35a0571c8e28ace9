/* Time and memory of learning a large cluster: node test/api/measure/run.ts. Prints, asserts nothing. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { kubeconfigOf } from '../../support/kubeconfig.ts';

const RUNS = 5;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const directory = mkdtempSync(join(tmpdir(), 'chainwright-measure-'));
const server = spawn(process.execPath, [join(import.meta.dirname, 'server.ts'), '10000', '10'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const [line] = (await once(server.stdout, 'data')) as [Buffer];
  const { url, ca, bytes } = JSON.parse(line.toString('utf8')) as { url: string; ca: string; bytes: number };
  say(`10,000 services and 10,000 slices x 10 endpoints: ${(bytes / 1e6).toFixed(1)} MB through TLS`);
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigOf({ server: url, authority: ca }));
  const bundle = join(directory, 'client.mjs');
  await bundleClient(bundle);
  say('| run | client ms | list ms | cpu ms | peak RSS MB | RSS MB | before MB | heap MB | objects |');
  for (let run = 1; run <= RUNS; run += 1) {
    const flags = ['--max-semi-space-size=2', '--no-allocation-site-pretenuring'];
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, bundle, kubeconfig], {
      encoding: 'utf8',
    });
    if (stdout === '') throw new Error(stderr);
    const row = JSON.parse(stdout) as Record<string, number>;
    const cells = ['client', 'milliseconds', 'cpu', 'peak', 'rss', 'before', 'heap', 'objects'];
    say(`| ${run} | ${cells.map((cell) => Math.round(row[cell] ?? 0)).join(' | ')} |`);
  }
} finally {
  server.kill();
  rmSync(directory, { recursive: true });
}

/** As the product is bundled. */
async function bundleClient(outfile: string): Promise<void> {
  const real = Symbol('resolved by this plugin');
  const withoutSideEffects: Plugin = {
    name: 'without-side-effects',
    setup: (context) => {
      context.onResolve({ filter: /^(@kubernetes\/client-node|zod)/ }, async (args) => {
        if (args.pluginData === real) return undefined;
        const { importer, kind, resolveDir } = args;
        const result = await context.resolve(args.path, { importer, kind, resolveDir, pluginData: real });
        return { ...result, sideEffects: false };
      });
    },
  };
  await build({
    entryPoints: [join(import.meta.dirname, 'client.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    plugins: [withoutSideEffects],
    banner: {
      js: "import { createRequire as createRequire_ } from 'node:module'; const require = createRequire_(import.meta.url);",
    },
    logLevel: 'warning',
  });
}
