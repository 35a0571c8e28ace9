import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { serviceSchema } from '../../../src/cluster/schemas.ts';
import { fieldsAt, misspeltFields } from '../../../src/problems/schema-fields.ts';

const schema = z.object({
  kind: z.string(),
  spec: z.optional(
    z.object({ ports: z.nullish(z.array(z.object({ port: z.number(), nodePort: z.number() }))) }),
  ),
});

describe('the fields of a schema', () => {
  it.each([
    [[], ['kind', 'spec']],
    [['spec'], ['ports']],
    [
      ['spec', 'ports', 3],
      ['port', 'nodePort'],
    ],
    [['spec', 'ports'], []],
    [['kind'], []],
    [['nothing', 'such'], []],
  ])('at %j are %j', (path, fields) => {
    expect(fieldsAt(schema, path)).toEqual(fields);
  });
});

describe('misspelt fields', () => {
  it('are found however deep, where the right one is missing', () => {
    const value = {
      kind: 'a',
      Spec: 1,
      spec: { ports: [{ port: 1, nodePort: 2, nodeport: 3 }, { nodeport: 4 }] },
    };
    expect(misspeltFields(schema, value)).toEqual([
      'spec.ports[1].nodeport: unknown field, passed over (did you mean nodePort?)',
    ]);
  });

  it('are none where no object of the schema is', () => {
    const others: readonly unknown[] = [
      null,
      'text',
      3,
      [],
      { spec: [1] },
      { spec: null },
      { constructor: 1 },
    ];
    expect(others.flatMap((value) => misspeltFields(schema, value))).toEqual([]);
  });

  it("are none of a Service's own, whether we read them or not", () => {
    const fields = (...names: readonly string[]) => Object.fromEntries(names.map((name) => [name, null]));
    const service = {
      ...fields('apiVersion', 'kind'),
      metadata: fields('name', 'namespace', 'uid', 'labels', 'annotations', 'managedFields', 'generateName'),
      spec: {
        ...fields('allocateLoadBalancerNodePorts', 'clusterIP', 'externalName', 'ipFamilyPolicy', 'selector'),
        ...fields(
          'loadBalancerClass',
          'loadBalancerIP',
          'publishNotReadyAddresses',
          'trafficDistribution',
          'type',
        ),
        ports: [fields('appProtocol', 'port', 'protocol')],
      },
      status: { conditions: [], loadBalancer: { ingress: [fields('ip', 'ports')] } },
    };
    expect(misspeltFields(serviceSchema, service)).toEqual([]);
  });
});
