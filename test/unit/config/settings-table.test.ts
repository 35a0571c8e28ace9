import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { FLAGS } from '../../../src/config/flags.ts';
import { configurationSchema } from '../../../src/config/schema.ts';
import { ROOT } from '../../support/cases.ts';
import { fields, read } from './reading.ts';

/* The document promises to name every setting of kube-proxy: here it is held to that. */

const DOCUMENT = 'manifests/settings.md';

const START = '<!-- settings -->';
const END = '<!-- /settings -->';
const STATES = ['honoured', 'accepted without effect', 'refused'];

interface Row {
  readonly fields: readonly string[];
  /** Without their dashes. */
  readonly flags: readonly string[];
  readonly state: string;
  readonly outcome: string;
}

/** @throws Error where the document has no such part */
function tableRows(): readonly Row[] {
  const text = readFileSync(join(ROOT, DOCUMENT), 'utf8');
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start < 0 || end < start) {
    throw new Error(`${DOCUMENT}: expected the table of settings between ${START} and ${END}`);
  }
  const part = text.slice(start, end);
  const lines = part.split('\n').filter((line) => line.startsWith('|'));
  const isHead = (line: string): boolean => /^\|( field \||-)/.test(line);
  return lines.filter((line) => !isHead(line)).map(rowOf);
}

function rowOf(line: string): Row {
  const cells = line.split('|').slice(1, -1);
  const [fieldCell = '', flagCell = '', state = '', outcome = ''] = cells.map((cell) => cell.trim());
  if (cells.length !== 4) throw new Error(`${DOCUMENT}: expected four cells: ${line}`);
  return {
    fields: codeIn(fieldCell),
    flags: codeIn(flagCell)
      .filter((text) => text.startsWith('--'))
      .map((text) => text.slice(2)),
    state,
    outcome,
  };
}

/** What stands in backquotes. */
function codeIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
}

/** The fields that hold values: sections are gone into, lists and maps are not. */
function leaves(schema: JsonSchema, path = ''): readonly string[] {
  const variants = [schema, ...(schema.anyOf ?? [])];
  const section = variants.find(({ properties }) => properties !== undefined)?.properties;
  if (section === undefined) return [path];
  return Object.entries(section).flatMap(([name, field]) =>
    leaves(field, path === '' ? name : `${path}.${name}`),
  );
}

const ALL_FIELDS = leaves(
  z.toJSONSchema(configurationSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema,
);
const ALL_FLAGS = [...FLAGS.map(({ name }) => name), 'help'];

describe('the table of settings', () => {
  it('names every field of the configuration once, and no other', () => {
    expect(
      tableRows()
        .flatMap((row) => row.fields)
        .sort(),
    ).toEqual([...ALL_FIELDS].sort());
  });

  it('names every flag once, and no other', () => {
    expect(
      tableRows()
        .flatMap((row) => row.flags)
        .sort(),
    ).toEqual([...ALL_FLAGS].sort());
  });

  it('has one of three states in each row, and a reason for all that is not honoured', () => {
    for (const row of tableRows()) {
      expect(STATES).toContain(row.state);
      if (row.state !== 'honoured') expect(row.outcome, row.fields.join() + row.flags.join()).not.toBe('');
    }
  });

  it('has each flag beside the field that it sets', () => {
    for (const { fields: ofRow, flags } of tableRows()) {
      const paths = flags.flatMap((name) => FLAGS.find((flag) => flag.name === name)?.path ?? []);
      expect(new Set(paths), flags.join()).toEqual(new Set(flags.length > 0 ? ofRow : []));
    }
  });

  it('tells of each flag what the program does with it', () => {
    const states = new Map(tableRows().flatMap(({ flags, state }) => flags.map((name) => [name, state])));
    for (const { name, use, ...flag } of FLAGS) {
      const isIdle = use === 'unused' || ('why' in flag && use === 'config');
      if (use === 'refused') expect(states.get(name), name).toBe('refused');
      else if (isIdle) expect(states.get(name), name).toBe('accepted without effect');
      else expect(states.get(name), name).not.toBe('refused');
    }
  });

  it.each([
    ['portRange', 'portRange: 1-2'],
    ['windowsRunAsService', 'windowsRunAsService: true'],
    ['winkernel.enableDSR', 'winkernel: { enableDSR: true }'],
    ['nftables.masqueradeBit', 'nftables: { masqueradeBit: 3 }'],
    ['ipvs.scheduler', 'ipvs: { scheduler: rr }'],
    ['logging.flushFrequency', 'logging: { flushFrequency: 1s }'],
  ])('tells of %s what the program warns of', (field, text) => {
    expect(read(fields(text)).warnings.join('\n')).toContain(`${field}: not used: `);
    const row = tableRows().find((candidate) => candidate.fields.includes(field));
    expect(row?.state).toBe('accepted without effect');
  });
});
