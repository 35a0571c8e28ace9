import { chmod, readFile, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

const REAL = Symbol('resolved by this plugin');

/** Lets esbuild drop what nobody uses of packages that do not say themselves that it may. */
const withoutSideEffects = {
  name: 'without-side-effects',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^(@kubernetes\/client-node|zod)/ }, async (args) => {
      if (args.pluginData === REAL) return undefined;
      const { importer, kind, resolveDir } = args;
      const result = await resolve(args.path, { importer, kind, resolveDir, pluginData: REAL });
      return result.errors.length > 0 ? result : { ...result, sideEffects: false };
    });
  },
};

/**
 * Of the Kubernetes client only the reading of kubeconfigs and its ways to authenticate are used, with
 * requests of our own. Its generated API and the HTTP client under that would be 2.5 MB to parse at each
 * start; in their place stand names that nobody calls.
 */
const withoutGeneratedApi = {
  name: 'without-generated-api',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^@kubernetes\/client-node$/ }, ({ importer, kind, resolveDir }) =>
      resolve('@kubernetes/client-node/dist/config.js', { importer, kind, resolveDir }),
    );
    const namespace = 'unused-client-api';
    onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace, sideEffects: false }));
    onResolve({ filter: /gen\/index\.js$/ }, ({ importer }) =>
      importer.includes('@kubernetes/client-node')
        ? { path: 'gen', namespace, sideEffects: false }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: STANDINS[path], loader: 'js' }));
  },
};

const STANDINS = {
  undici: 'export class Agent {}\nexport class ProxyAgent {}\nexport const fetch = undefined;\n',
  gen: 'export const createConfiguration = undefined;\nexport class ServerConfiguration {}\n',
};

/**
 * Whoever imports a built-in module has Node look at everything that it exports, and some exports of node:http are
 * loaded when they are looked at: an HTTP client that nobody uses, 20 ms and some MB. Asked for as a whole, the
 * module costs neither.
 */
const httpAsOne = {
  name: 'http-as-one',
  setup({ onResolve, onLoad }) {
    const namespace = 'as-one';
    onResolve({ filter: /^(node:)?http$/ }, ({ kind }) =>
      kind === 'import-statement' ? { path: 'node:http', namespace } : undefined,
    );
    onLoad({ filter: /.*/, namespace }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}');`,
    }));
  },
};

/**
 * The same program in ASCII: esbuild leaves other characters in regular expressions and comments, and for a
 * single one V8 keeps the whole text at two bytes a character, which are 2 MB.
 */
function inAscii(program) {
  return program.replace(
    /[^\0-\x7f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The page of `graph --output html`, its script and its style as texts. */
async function graphPage() {
  const { outputFiles } = await build({
    entryPoints: ['src/graph/page/main.ts', 'src/graph/page/page.css'],
    outdir: 'page',
    bundle: true,
    write: false,
    minify: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2023',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  });
  const textOf = (ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text.trim();
  return { script: textOf('.js'), style: textOf('.css') };
}

await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/chainwright.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  legalComments: 'none',
  sourcemap: false,
  plugins: [withoutGeneratedApi, withoutSideEffects, httpAsOne],
  define: { GRAPH_PAGE: JSON.stringify(await graphPage()) },
  // CommonJS packages in an ES module bundle look for these.
  banner: {
    js: [
      '#!/usr/bin/env node',
      "import { createRequire as createRequire_ } from 'node:module';",
      'const require = createRequire_(import.meta.url);',
    ].join('\n'),
  },
  logLevel: 'warning',
});
await writeFile('dist/chainwright.mjs', inAscii(await readFile('dist/chainwright.mjs', 'utf8')));
await chmod('dist/chainwright.mjs', 0o755);
