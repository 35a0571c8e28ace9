import { describe, expect, test } from 'vitest';
import { problemsOf, type Schema } from './json-schema.ts';
import { apiProblems, modelSchema } from './kubernetes-schemas.ts';

const port: Schema = { type: ['integer', 'string'] };
const resolve = (): Schema => port;
const server: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    ports: { type: 'array', items: { $ref: 'port' } },
    mode: { type: 'string', enum: ['fast', 'slow'] },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
  },
  required: ['name'],
  additionalProperties: false,
};

test.each<[string, unknown, readonly string[]]>([
  ['what is allowed', { name: 'a', ports: [80, 'http'], mode: 'fast', labels: { x: 'y' } }, []],
  ['a missing field', {}, ['name: missing']],
  ['an unknown field', { name: 'a', nmae: 'b' }, ['nmae: unknown field']],
  ['another type', { name: true }, ['name: expected string, got true']],
  ['a value that is not in the list', { name: 'a', mode: 'odd' }, ['mode: expected fast or slow, got "odd"']],
  ['an item of a list', { name: 'a', ports: [80, 1.5] }, ['ports[1]: expected integer or string, got 1.5']],
  ['a value of a map', { name: 'a', labels: { x: 1 } }, ['labels.x: expected string, got 1']],
  ['a list for an object', [], ['the document: expected object, got []']],
  ['null', { name: null }, ['name: expected string, got null']],
])('the walk finds %s', (_, value, expected) => {
  expect(problemsOf(value, server, resolve)).toEqual(expected);
});

describe('the schemas of the API', () => {
  const daemonSet = (container: object): unknown => ({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    spec: {
      selector: {},
      template: { spec: { containers: [container] } },
    },
  });
  const at = 'spec.template.spec.containers[0]';

  test('take what the API takes', () => {
    expect(apiProblems(daemonSet({ name: 'a', image: 'b' }))).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['a misspelt field', { name: 'a', livenesProbe: {} }, `${at}.livenesProbe: unknown field`],
    ['a field on the wrong level', { name: 'a', hostNetwork: true }, `${at}.hostNetwork: unknown field`],
    ['a missing name', { image: 'b' }, `${at}.name: missing`],
    [
      'text for a truth value',
      { name: 'a', securityContext: { privileged: 'no' } },
      `${at}.securityContext.privileged: expected boolean, got "no"`,
    ],
    [
      'a number in the environment',
      { name: 'a', env: [{ name: 'N', value: 2 }] },
      `${at}.env[0].value: expected string, got 2`,
    ],
    [
      'a probe without a port',
      { name: 'a', livenessProbe: { httpGet: { path: '/' } } },
      `${at}.livenessProbe.httpGet.port: missing`,
    ],
  ])('refuse %s', (_, container, expected) => {
    expect(apiProblems(daemonSet(container))).toEqual([expected]);
  });

  test('refuse a kind that nobody asked for', () => {
    expect(apiProblems({ apiVersion: 'v1', kind: 'Secret' })).toEqual(['no schema is known for v1 Secret']);
  });

  test('know what a field is', () => {
    const { properties, required, additionalProperties } = modelSchema('V1HTTPGetAction');
    expect(properties?.port).toEqual({ type: ['integer', 'string'] });
    expect(required).toEqual(['port']);
    expect(additionalProperties).toBe(false);
    expect(modelSchema('V1ConfigMap').properties?.data).toEqual({
      type: 'object',
      additionalProperties: { type: 'string' },
    });
  });
});
