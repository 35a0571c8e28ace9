import type * as z from 'zod/mini';
import type { Cluster, EndpointSlice, Node, Service } from '../model/objects.ts';
import { describeValue, expectedGot, InputError, type Problem } from '../problems/problem.ts';
import { misspeltFields } from '../problems/schema-fields.ts';
import { withinReason } from '../problems/within-reason.ts';
import { problemsOf } from '../problems/zod.ts';
import { isRecord, manifestObjects, type ManifestObject, type ManifestText } from './documents.ts';
import { toNode } from './node.ts';
import { endpointSliceSchema, nodeSchema, serviceSchema } from './schemas.ts';
import { sharedNodePorts } from './shared-node-ports.ts';
import { serviceProblems, toService, type FieldProblem } from './service.ts';
import { sliceProblems, toEndpointSlice } from './slice.ts';
import { unusualNodePorts } from './unusual-node-ports.ts';

export interface ManifestCluster {
  readonly cluster: Cluster;
  /** What was left out or made up, a line each. */
  readonly warnings: readonly string[];
}

/**
 * Reads a cluster from manifests, written by hand or printed by the API server.
 *
 * @throws InputError with every problem of every object
 */
export function readManifests(texts: readonly ManifestText[]): ManifestCluster {
  const reading = new Reading();
  for (const object of texts.flatMap(manifestObjects)) reading.add(object);
  return reading.finish();
}

/** Collects objects and all that is wrong with them, so that one run tells everything. */
class Reading {
  readonly #services: Service[] = [];
  readonly #slices: EndpointSlice[] = [];
  readonly #nodes: Node[] = [];
  readonly #problems: Problem[] = [];
  readonly #warnings: string[] = [];
  readonly #skippedKinds = new Map<string, number>();
  readonly #known = new Map<string, { readonly where: string; readonly text: string }>();

  add({ where, value }: ManifestObject): void {
    if (!isRecord(value)) {
      this.#problems.push({ where, path: '', message: expectedGot('an object with a kind', value) });
      return;
    }
    const { kind, apiVersion } = value;
    if (typeof kind !== 'string' || kind === '') {
      this.#problems.push({ where, path: 'kind', message: expectedGot('the kind of an object', kind) });
      return;
    }
    if (typeof apiVersion !== 'string' || apiVersion === '') {
      const message = expectedGot('the version of an API, such as v1', apiVersion);
      this.#problems.push({ where: `${where}: ${kind}`, path: 'apiVersion', message });
      return;
    }
    const title = `${where}: ${objectTitle(kind, value)}`;
    if (!this.#isFirst(kind, value, where, title)) return;
    withinReason(title, () => this.#read(`${apiVersion} ${kind}`, value, title));
  }

  finish(): ManifestCluster {
    if (this.#problems.length > 0) throw new InputError(this.#problems);
    for (const [kind, count] of this.#skippedKinds) {
      this.#warnings.push(
        `${kind}: ${count === 1 ? 'one object' : `${count} objects`} skipped, no rules come of it`,
      );
    }
    this.#warnings.push(...sharedNodePorts(this.#services), ...unusualNodePorts(this.#services));
    const cluster = { services: this.#services, slices: this.#slices, nodes: this.#nodes };
    return { cluster, warnings: this.#warnings };
  }

  #read(type: string, value: unknown, title: string): void {
    switch (type) {
      case 'v1 Service': {
        const raw = this.#check(serviceSchema, value, title, serviceProblems);
        if (raw === undefined) return;
        this.#warnings.push(...misspeltFields(serviceSchema, value).map((warning) => `${title}: ${warning}`));
        const service = toService(raw);
        this.#services.push(service);
        this.#warnings.push(...pendingFields(service).map((warning) => `${title}: ${warning}`));
        return;
      }
      case 'discovery.k8s.io/v1 EndpointSlice': {
        const raw = this.#check(endpointSliceSchema, value, title, sliceProblems);
        const slice = raw && toEndpointSlice(raw);
        if (slice !== undefined) this.#slices.push(slice);
        return;
      }
      case 'v1 Node': {
        const raw = this.#check(nodeSchema, value, title, () => []);
        if (raw !== undefined) this.#nodes.push(toNode(raw));
        return;
      }
      default:
        this.#skippedKinds.set(type, (this.#skippedKinds.get(type) ?? 0) + 1);
    }
  }

  #check<Raw>(
    schema: z.ZodMiniType<Raw>,
    value: unknown,
    title: string,
    contradictions: (raw: Raw) => readonly FieldProblem[],
  ): Raw | undefined {
    const result = schema.safeParse(value, { reportInput: false });
    if (!result.success) {
      this.#problems.push(...problemsOf(result.error, value, title));
      return undefined;
    }
    const problems = contradictions(result.data).map((problem) => ({ where: title, ...problem }));
    this.#problems.push(...problems);
    return problems.length === 0 ? result.data : undefined;
  }

  /**
   * An object given twice has no one meaning: which of the two counts would hang on their order. The very
   * same one again is harmless: files that are complete each for itself may share a Node.
   */
  #isFirst(kind: string, value: Readonly<Record<string, unknown>>, where: string, title: string): boolean {
    const identity = objectTitle(kind, value);
    if (!identity.includes(' ')) return true;
    const text = jsonOf(value);
    if (text === undefined) {
      this.#problems.push({ where: title, path: '', message: 'is nested too deeply' });
      return false;
    }
    const before = this.#known.get(identity);
    if (before === undefined) {
      this.#known.set(identity, { where, text });
      return true;
    }
    if (before.text !== text) {
      this.#problems.push({ where: title, path: '', message: `given twice, before in ${before.where}` });
    }
    return false;
  }
}

/** undefined where the value goes deeper than functions can call themselves. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** `Service web/shop`, or the bare kind where the name is missing or no text. */
function objectTitle(kind: string, value: Readonly<Record<string, unknown>>): string {
  const metadata = isRecord(value.metadata) ? value.metadata : {};
  const { name } = metadata;
  if (typeof name !== 'string' || name === '') return kind;
  const shown = namePart(name);
  if (kind === 'Node') return `${kind} ${shown}`;
  const namespace = typeof metadata.namespace === 'string' ? namePart(metadata.namespace) : 'default';
  return `${kind} ${namespace}/${shown}`;
}

/** A name that is none yet: it may hold anything, and messages go to terminals. */
function namePart(name: string): string {
  return /^[\w.-]{0,63}$/.test(name) ? name : describeValue(name);
}

/** What the API server would allocate, and a manifest written by hand leaves to it. */
function pendingFields(service: Service): readonly string[] {
  if (service.headless || service.type === 'ExternalName') return [];
  const warnings: string[] = [];
  if (service.clusterIPs.length === 0) {
    warnings.push('spec.clusterIP is left to the API server: the rules of the cluster IP are left out');
  }
  const pendingPorts = service.ports.filter((port) => port.nodePort === undefined);
  if (service.type === 'NodePort' && pendingPorts.length > 0) {
    const ports = pendingPorts.map((port) => port.port).join(', ');
    warnings.push(
      `nodePort of port ${ports} is left to the API server: the rules of that node port are left out`,
    );
  }
  return warnings;
}
