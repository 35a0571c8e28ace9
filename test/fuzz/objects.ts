import { parseAllDocuments } from 'yaml';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiObject } from '../api/fake-store.ts';
import { casesIn, RULE_BOOK } from '../support/cases.ts';

/* Inputs that are in order, to be spoiled: those of the rule book. */

const WANTED = [
  'clusterip/dual-stack',
  'clusterip/session-affinity-timeout',
  'loadbalancer',
  'topology',
  'terminating',
];

const folders = casesIn(RULE_BOOK).filter(({ name }) => WANTED.some((wanted) => name.startsWith(wanted)));

function read(directory: string, file: string): string {
  return readFileSync(join(directory, file), 'utf8');
}

export const MANIFESTS = folders.map(({ directory }) => read(directory, 'cluster.yaml'));

export const CONFIGURATIONS = folders.map(({ directory }) => read(directory, 'config.yaml'));

export const SAVED = folders.flatMap(({ directory }) => [
  { family: 'ipv4' as const, text: read(directory, 'expected.v4.rules') },
  { family: 'ipv6' as const, text: read(directory, 'expected.v6.rules') },
]);

/** Services, EndpointSlices and Nodes as the API server returned them. */
export const OBJECTS: readonly ApiObject[] = MANIFESTS.flatMap((text) => {
  const documents = parseAllDocuments(text);
  return 'empty' in documents ? [] : documents.map((document) => document.toJS() as ApiObject);
});

export function objectsOf(kind: string): readonly ApiObject[] {
  return OBJECTS.filter((object) => object.kind === kind);
}
