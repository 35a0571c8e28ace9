import { compactText } from '../../model/compact.ts';
import type { EndpointSlice, Node, Service } from '../../model/objects.ts';
import { isRecord } from '../documents.ts';
import { toNode } from '../node.ts';
import { endpointSliceSchema, nodeSchema, serviceSchema } from '../schemas.ts';
import { PROXY_NAME_LABEL, serviceProblems, toService } from '../service.ts';
import { HEADLESS_LABEL, sliceProblems, toEndpointSlice } from '../slice.ts';
import type { Change } from '../source.ts';
import { NODE_MENDS, SERVICE_MENDS, SLICE_MENDS } from './mending.ts';
import { readObject, type Reading } from './reading.ts';

/** One kind of object that we follow: where it is, which of it, and what we keep. */
export interface Resource<Model> {
  /** For logs and metrics, the API's plural. */
  readonly name: 'services' | 'endpointslices' | 'nodes';
  readonly path: string;
  readonly selectors: Readonly<Record<string, string>>;
  /** `Service shop/web`, for messages. */
  readonly title: (key: string) => string;
  readonly read: (value: unknown, title: string) => Reading<Model>;
  readonly change: (key: string, object: Model | undefined) => Change;
}

/** Those of other proxies and headless ones are left to the server to leave out, as kube-proxy does. */
export const SERVICES: Resource<Service> = {
  name: 'services',
  path: '/api/v1/services',
  selectors: { labelSelector: `!${PROXY_NAME_LABEL}`, fieldSelector: 'spec.clusterIP!=None' },
  title: (key) => `Service ${key}`,
  read: (value, title) => readObject(serviceReader, value, title),
  change: (key, object) => ({ kind: 'service', key, object }),
};

export const ENDPOINT_SLICES: Resource<EndpointSlice> = {
  name: 'endpointslices',
  path: '/apis/discovery.k8s.io/v1/endpointslices',
  selectors: { labelSelector: `!${HEADLESS_LABEL}` },
  title: (key) => `EndpointSlice ${key}`,
  read: (value, title) => readObject(sliceReader, value, title),
  change: (key, object) => ({ kind: 'slice', key, object }),
};

/** The one Node of this name. */
export function ownNode(name: string): Resource<Node> {
  return {
    name: 'nodes',
    path: '/api/v1/nodes',
    selectors: { fieldSelector: `metadata.name=${name}` },
    title: (key) => `Node ${key}`,
    read: (value, title) => readObject(nodeReader, value, title),
    change: (key, object) => ({ kind: 'node', key, object }),
  };
}

const serviceReader = {
  schema: serviceSchema,
  contradictions: serviceProblems,
  mends: SERVICE_MENDS,
  // Without a source range everybody may come in.
  neverEmptied: ['spec.loadBalancerSourceRanges'],
  project: toService,
};

const sliceReader = {
  schema: endpointSliceSchema,
  contradictions: sliceProblems,
  mends: SLICE_MENDS,
  neverEmptied: [],
  project: toEndpointSlice,
};

const nodeReader = {
  schema: nodeSchema,
  contradictions: () => [],
  mends: NODE_MENDS,
  neverEmptied: [],
  project: toNode,
};

/** What every object of the API says of itself. */
export interface ObjectHead {
  /** `namespace/name`, or the name where there is no namespace. */
  readonly key: string;
  readonly version: string | undefined;
}

/** undefined where this is no object of the API. */
export function headOf(value: unknown): ObjectHead | undefined {
  if (!isRecord(value) || !isRecord(value.metadata)) return undefined;
  const { namespace, name, resourceVersion } = value.metadata;
  if (typeof name !== 'string' || name === '') return undefined;
  const key = typeof namespace === 'string' && namespace !== '' ? compactText(`${namespace}/${name}`) : name;
  return { key, version: typeof resourceVersion === 'string' ? resourceVersion : undefined };
}
