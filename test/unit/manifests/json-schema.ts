/** As much of JSON Schema as the schemas of the Kubernetes API need. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: JsonType | readonly JsonType[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  /** Of properties that `properties` does not name; false allows none. */
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
}

export type JsonType = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';

/** Finds the schema that a `$ref` names. */
export type Resolve = (ref: string) => Schema;

/** @returns every problem with its path, `spec.template.spec.hostNetwork: expected boolean, got "yes"` */
export function problemsOf(value: unknown, schema: Schema, resolve: Resolve, path = ''): readonly string[] {
  if (schema.$ref !== undefined) return problemsOf(value, resolve(schema.$ref), resolve, path);
  const problem = (expected: string): readonly string[] => [
    `${path === '' ? 'the document' : path}: expected ${expected}, got ${JSON.stringify(value)}`,
  ];
  if (schema.type !== undefined) {
    const types = [schema.type].flat();
    if (!types.some((type) => isOf(type, value))) return problem(types.join(' or '));
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) return problem(schema.enum.join(' or '));
  if (Array.isArray(value)) {
    const { items = {} } = schema;
    return value.flatMap((item, index) => problemsOf(item, items, resolve, `${path}[${index}]`));
  }
  return isObject(value) ? propertyProblems(value, schema, resolve, path) : [];
}

function propertyProblems(
  value: Readonly<Record<string, unknown>>,
  { properties = {}, required = [], additionalProperties = {} }: Schema,
  resolve: Resolve,
  path: string,
): readonly string[] {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const missing = required.filter((name) => value[name] === undefined).map((name) => `${at(name)}: missing`);
  const wrong = Object.entries(value).flatMap(([name, item]) => {
    const schema = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    return schema === false || schema === undefined
      ? [`${at(name)}: unknown field`]
      : problemsOf(item, schema, resolve, at(name));
  });
  return [...missing, ...wrong];
}

function isOf(type: JsonType, value: unknown): boolean {
  switch (type) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
