import tseslint from 'typescript-eslint';

/** The core is pure, and imports nothing of these. */
const shell = [
  ...['cli', 'config', 'cluster', 'iptables', 'reconciler', 'conntrack', 'daemon', 'golden', 'health', 'lab'],
  ...['leftovers', 'metrics', 'node', 'ports', 'status', 'verify'],
];
const pureCore = {
  files: [
    'src/routing/**',
    'src/chains/**',
    'src/inspect/**',
    'src/explain/**',
    'src/diff/**',
    'src/text/**',
    'src/json/**',
    'src/completion/**',
    'src/model/**',
    'src/graph/*',
    'src/graph/layout/**',
    'src/net/**',
    'src/problems/**',
  ],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: [
              ...shell.map((room) => `**/${room}/**`),
              'execa',
              'pino',
              '@kubernetes/*',
              'commander',
              'node:fs*',
              'node:http*',
              'node:child_process',
              'node:os',
              'node:process',
              'node:timers*',
            ],
            allowTypeImports: false,
            message:
              'The core (routing, chains, inspect and what builds on them) imports nothing from the shell.',
          },
        ],
      },
    ],
    'no-restricted-globals': ['error', 'process', 'console', 'setTimeout', 'setInterval', 'fetch'],
    'no-restricted-properties': [
      'error',
      { object: 'Date', property: 'now' },
      { object: 'Math', property: 'random' },
    ],
  },
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'test/output/'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { project: ['./tsconfig.json', './src/graph/page/tsconfig.json'] } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-lines': ['error', { max: 250 }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  { files: ['**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  { files: ['test/**'], rules: { 'max-lines': 'off' } },
  { files: ['test/bench/**'], rules: { 'no-console': 'off' } },
  pureCore,
);
