import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { problemsOf, type Schema } from './json-schema.ts';

/**
 * The schemas of the Kubernetes API, read from the models that the Kubernetes client generates from the API's
 * OpenAPI description: the fields, their types, and which are required. So they are of the release that the
 * client is for, and need no copy here.
 */
const MODELS = new URL('../../../node_modules/@kubernetes/client-node/dist/gen/models/', import.meta.url);

const KINDS: Readonly<Record<string, string>> = {
  'v1/ConfigMap': 'V1ConfigMap',
  'v1/ServiceAccount': 'V1ServiceAccount',
  'apps/v1/DaemonSet': 'V1DaemonSet',
  'rbac.authorization.k8s.io/v1/ClusterRole': 'V1ClusterRole',
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': 'V1ClusterRoleBinding',
};

/** What the description has as text only, for the fields that the manifests use. */
const ENUMS: Readonly<Record<string, readonly string[]>> = {
  'V1Container.imagePullPolicy': ['Always', 'IfNotPresent', 'Never'],
  'V1Container.terminationMessagePolicy': ['File', 'FallbackToLogsOnError'],
  'V1DaemonSetUpdateStrategy.type': ['RollingUpdate', 'OnDelete'],
  'V1HTTPGetAction.scheme': ['HTTP', 'HTTPS'],
  'V1HostPathVolumeSource.type': [
    '',
    'DirectoryOrCreate',
    'Directory',
    'FileOrCreate',
    'File',
    'Socket',
    'CharDevice',
    'BlockDevice',
  ],
  'V1NodeSelectorRequirement.operator': ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'],
  'V1PodSpec.dnsPolicy': ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'],
  'V1PodSpec.restartPolicy': ['Always', 'OnFailure', 'Never'],
  'V1SeccompProfile.type': ['Localhost', 'RuntimeDefault', 'Unconfined'],
  'V1Toleration.effect': ['NoSchedule', 'PreferNoSchedule', 'NoExecute'],
  'V1Toleration.operator': ['Exists', 'Equal', 'Gt', 'Lt'],
};

/** @returns every problem of an object, unknown fields included; of a kind that is not known, that */
export function apiProblems(object: unknown): readonly string[] {
  const { apiVersion, kind } = object as { apiVersion?: unknown; kind?: unknown };
  const model = KINDS[`${String(apiVersion)}/${String(kind)}`];
  if (model === undefined) return [`no schema is known for ${String(apiVersion)} ${String(kind)}`];
  return problemsOf(object, modelSchema(model), modelSchema);
}

const known = new Map<string, Schema>();

/** The schema of one of the client's models, `V1DaemonSet`. */
export function modelSchema(name: string): Schema {
  const schema = known.get(name) ?? readModel(name);
  known.set(name, schema);
  return schema;
}

function readModel(name: string): Schema {
  const text = readFileSync(new URL(`${name}.d.ts`, MODELS), 'utf8');
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest);
  const model = source.statements.find((statement) => ts.isClassDeclaration(statement));
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  for (const member of model?.members ?? []) {
    // Fields of the API are written in quotes, those of the generator are not.
    if (!ts.isPropertyDeclaration(member) || !ts.isStringLiteral(member.name)) continue;
    if (member.type === undefined) continue;
    const field = member.name.text;
    const values = ENUMS[`${name}.${field}`];
    properties[field] = { ...typeSchema(member.type, source), ...(values && { enum: values }) };
    if (member.questionToken === undefined) required.push(field);
  }
  if (Object.keys(properties).length === 0) throw new Error(`the Kubernetes client's ${name} has no fields`);
  return { type: 'object', properties, required, additionalProperties: false };
}

function typeSchema(type: ts.TypeNode, source: ts.SourceFile): Schema {
  const text = type.getText(source);
  if (ts.isTypeLiteralNode(type)) {
    const [values] = type.members;
    if (values === undefined || !ts.isIndexSignatureDeclaration(values))
      throw new Error(`a map, not ${text}`);
    return { type: 'object', additionalProperties: typeSchema(values.type, source) };
  }
  if (ts.isTypeReferenceNode(type) && type.typeName.getText(source) === 'Array') {
    const [item] = type.typeArguments ?? [];
    if (item !== undefined) return { type: 'array', items: typeSchema(item, source) };
  }
  switch (text) {
    case 'string':
    case 'number':
    case 'boolean':
      return { type: text };
    case 'Date':
      return { type: 'string' };
    case 'IntOrString':
      return { type: ['integer', 'string'] };
    case 'any':
    case 'object':
      return {};
    default:
      return { $ref: text };
  }
}
