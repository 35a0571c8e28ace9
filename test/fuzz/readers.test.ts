import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { readManifests } from '../../src/cluster/manifests.ts';
import { FLAGS, type FlagValues } from '../../src/config/flags.ts';
import { readConfig } from '../../src/config/load.ts';
import { describeValue, InputError } from '../../src/problems/problem.ts';
import { hostileText, hostileValue, mangled, nestedText, spoiled } from './hostile.ts';
import { CONFIGURATIONS, MANIFESTS, OBJECTS } from './objects.ts';
import { parse } from 'yaml';
import { usedOrRefused } from './used-or-refused.ts';
import { withstands } from './withstands.ts';

/** @param path such as `spec.ports[0].port` */
function set(object: object, path: string, value: unknown): void {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '');
  const last = keys.pop() ?? '';
  const holder = keys.reduce<object>((parent, key) => (parent as Record<string, object>)[key] ?? {}, object);
  (holder as Record<string, unknown>)[last] = value;
}

describe('the reader of manifests', () => {
  const manifests = (text: string): void =>
    void usedOrRefused(() => readManifests([{ name: 'web.yaml', text }]));

  withstands('any text', hostileText, manifests);
  withstands('damaged YAML', mangled(MANIFESTS), manifests);
  withstands(
    'depths',
    nestedText,
    (text) => {
      manifests(text);
      manifests(`{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}, "spec": {"deep": ${text}}}`);
    },
    6,
  );
  withstands('objects with fields of any kind', spoiled(OBJECTS), (object) => {
    manifests(JSON.stringify(object));
  });
  const field = fc.constantFrom(
    'metadata.name',
    'spec.type',
    'spec.sessionAffinity',
    'spec.externalTrafficPolicy',
    'spec.internalTrafficPolicy',
    'spec.ports[0].port',
    'spec.ports[0].protocol',
    'spec.ports[0].nodePort',
    'spec.externalIPs[0]',
    'spec.loadBalancerSourceRanges[0]',
  );
  withstands(
    'a field of any value, and names object, field and value',
    fc.tuple(field, hostileValue),
    ([path, value]) => {
      const ports = [{ port: 80, nodePort: 30_080, protocol: 'TCP' }];
      const spec = {
        type: 'NodePort',
        clusterIP: '10.96.0.9',
        ports,
        externalIPs: [''],
        loadBalancerSourceRanges: [''],
      };
      const object = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec };
      set(object, path, value);
      try {
        readManifests([{ name: 'web.yaml', text: JSON.stringify(object) }]);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        const got = value === null ? ['got null', 'got nothing'] : [`got ${describeValue(value)}`];
        for (const problem of error.problems) expect(problem.where).toMatch(/^web\.yaml: Service/);
        // The other list holds an empty text, which is none of its kind.
        const ofField = error.problems.filter((problem) => problem.path === path);
        for (const { message } of ofField) expect(got.some((ending) => message.endsWith(ending))).toBe(true);
        if (ofField.length === 0)
          expect(error.problems.every(({ message }) => message.endsWith('got ""'))).toBe(true);
      }
    },
  );
  withstands('lists of such objects', fc.array(spoiled(OBJECTS), { maxLength: 5 }), (items) => {
    manifests(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  });
});

describe('the reader of configurations', () => {
  const configuration = (text: string, flags: FlagValues = {}): void =>
    void usedOrRefused(() => readConfig({ file: { name: 'config.yaml', text }, flags }));
  const flags = fc.dictionary(
    fc.constantFrom(...FLAGS.map(({ name }) => name)),
    fc.array(hostileText, { minLength: 1, maxLength: 2 }),
    { maxKeys: 4 },
  );

  withstands('any text', hostileText, configuration);
  withstands('damaged YAML', mangled(CONFIGURATIONS), configuration);
  withstands(
    'depths',
    nestedText,
    (text) => {
      configuration(text);
      configuration(`${CONFIGURATIONS[0]}featureGates: ${text}`);
    },
    6,
  );
  withstands('fields of any kind', spoiled(CONFIGURATIONS.map((text): unknown => parse(text))), (fields) => {
    configuration(JSON.stringify(fields));
  });
  withstands('flags with any text', fc.tuple(fc.constantFrom(...CONFIGURATIONS), flags), (given) => {
    configuration(...given);
  });
});
