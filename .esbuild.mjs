import { chmod } from 'node:fs/promises';
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

await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/chainwright.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  legalComments: 'none',
  sourcemap: false,
  plugins: [withoutSideEffects],
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
await chmod('dist/chainwright.mjs', 0o755);
