import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromJSONSchema } from 'zod';
import * as z from 'zod/mini';
import { program } from '../../src/cli/program.ts';
import { OUTPUT_SCHEMAS } from '../../src/cli/output-schemas.ts';
import { rulesetSchema } from '../../src/iptables/json-schema.ts';
import { jsonLines } from '../../src/iptables/json-text.ts';
import { FAMILIES } from '../../src/net/address.ts';
import { casesIn, loadCase, RANDOM_CLUSTERS, RULE_BOOK, rulesetOfCase } from '../support/cases.ts';
import { HEALTHY } from '../support/status-reports.ts';
import { chainwright } from './chainwright.ts';

const WEBAPP1 = 'manifests/examples/webapp1-nodeport.yaml';
const MANIFESTS = ['-f', WEBAPP1, '--hostname-override', 'node-a'];

/** Answers as a daemon that is well. */
const daemon = createServer((_, answer) => void answer.end(JSON.stringify(HEALTHY)));
await new Promise<void>((resolve) => void daemon.listen(0, '127.0.0.1', resolve));
afterAll(() => void daemon.close());

/** What each command is asked, to print data. */
const QUESTIONS: Readonly<Record<string, readonly string[]>> = {
  check: ['check', ...MANIFESTS],
  diff: [
    'diff',
    '--from',
    WEBAPP1,
    '--to',
    'manifests/examples/session-affinity.yaml',
    '--hostname-override',
    'node-a',
  ],
  explain: ['explain', 'default/webapp1-nodeport-svc', ...MANIFESTS],
  golden: ['golden', '--check', '/nowhere', ...MANIFESTS],
  lab: ['lab', '--requests', '10'],
  ports: ['ports', ...MANIFESTS],
  render: ['render', ...MANIFESTS],
  status: ['status', '--address', `127.0.0.1:${(daemon.address() as AddressInfo).port}`],
};

async function publishedSchema(command: string) {
  const { exitCode, stdout, stderr } = await chainwright(['schema', command]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return JSON.parse(stdout) as Parameters<typeof fromJSONSchema>[0] & { title: string };
}

describe('the schemas', () => {
  it('are published for every command that prints JSON', () => {
    const root = program(() => undefined);
    const printsJson = root.commands
      .filter(({ options }) =>
        options.some((option) => option.long === '--output' && option.argChoices?.includes('json')),
      )
      .map((command) => command.name());
    expect(Object.keys(OUTPUT_SCHEMAS).sort()).toEqual(printsJson.sort());
    expect(Object.keys(QUESTIONS).sort()).toEqual(printsJson.sort());
  });

  it('stand together under $defs', async () => {
    const { stdout } = await chainwright(['schema']);
    const { $schema, $defs } = JSON.parse(stdout) as {
      $schema: string;
      $defs: Readonly<Record<string, object>>;
    };
    expect($schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(Object.keys($defs)).toEqual(Object.keys(OUTPUT_SCHEMAS));
    expect($defs.ports).toEqual(await publishedSchema('ports'));
  });

  it('exist for no other command', async () => {
    const { exitCode, stdout, stderr } = await chainwright(['schema', 'run']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain('command: expected check, diff, explain, ');
  });

  it('let fields pass that later releases add', async () => {
    const { stdout } = await chainwright(['schema']);
    expect(stdout).not.toContain('additionalProperties');
    const { stdout: output } = await chainwright([...(QUESTIONS.golden ?? []), '--output', 'json']);
    const report = JSON.parse(output) as object;
    expect(fromJSONSchema(await publishedSchema('golden')).safeParse({ ...report, later: 1 }).success).toBe(
      true,
    );
  });
});

describe.each(Object.entries(QUESTIONS))('what %s prints', (command, question) => {
  let output: Readonly<Record<string, unknown>>;
  let published: Awaited<ReturnType<typeof publishedSchema>>;
  beforeAll(async () => {
    const { stdout, stderr } = await chainwright([...question, '--output', 'json']);
    expect(stderr).not.toContain('error');
    output = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
    published = await publishedSchema(command);
  });

  it('is of the shape that is published', () => {
    expect(published.title).toBe(`chainwright ${command} --output json`);
    expect(fromJSONSchema(published).safeParse(output).error).toBeUndefined();
  });

  it('has no field that is not described', async () => {
    const strict = await OUTPUT_SCHEMAS[command]?.();
    if (strict === undefined) throw new Error(`${command} has no schema`);
    expect(z.core.safeParse(strict, output).error).toBeUndefined();
    expect(z.core.safeParse(strict, { ...output, other: 1 }).success).toBe(false);
  });

  it('is refused where a field is missing or of another type', () => {
    const schema = fromJSONSchema(published);
    for (const key of Object.keys(output)) {
      const without = Object.fromEntries(Object.entries(output).filter(([name]) => name !== key));
      expect(schema.safeParse(without).success, key).toBe(false);
      expect(schema.safeParse({ ...output, [key]: { of: 'another type' } }).success, key).toBe(false);
    }
  });
});

describe('the schema of render', () => {
  it('describes the rules of every captured case', () => {
    for (const folder of [...casesIn(RULE_BOOK), ...casesIn(RANDOM_CLUSTERS)]) {
      for (const family of FAMILIES) {
        const output: unknown = JSON.parse([...jsonLines(rulesetOfCase(loadCase(folder), family))].join(''));
        expect(rulesetSchema.safeParse(output).error, folder.name).toBeUndefined();
      }
    }
  });
});
