import type { Change } from '../../../../src/cluster/source.ts';
import { fromBigInt } from '../../../../src/net/address.ts';
import { benchCluster, serviceObject, sliceObject, type BenchService } from '../cluster.ts';
import { distinctNumbers, randomNumbers } from '../random.ts';

/* What happens to a cluster of the benchmark, as the API would tell it. */

export const OPERATIONS = ['endpoint', 'service', 'percent'] as const;

export type Operation = (typeof OPERATIONS)[number];

export const OPERATION_TITLES: Readonly<Record<Operation | 'full', string>> = {
  full: 'first full sync',
  endpoint: 'one endpoint replaced',
  service: 'one service added',
  percent: '1 % of services: an endpoint replaced',
};

const SEED = 5;
const MOST_ADDED = 64;
/** Endpoints that come later: 10.250.0.0 and on. */
const LATER_PODS = 0x0afa_0000n;

export interface History {
  /** Everything that is there at the start. */
  readonly start: readonly Change[];
  /** @throws Error once more services were added than MOST_ADDED */
  readonly next: (operation: Operation) => readonly Change[];
}

/** The same history for all contenders, if they ask for the same. */
export function history(services: number): History {
  // Without the two of 1,000 endpoints, which would drown out a small cluster.
  const cluster = benchCluster('ipv4', services + MOST_ADDED).services.slice(0, services + MOST_ADDED);
  const [present, later] = [cluster.slice(0, services), cluster.slice(services)];
  const changeable = present.filter(({ endpoints }) => endpoints.length > 0);
  const random = randomNumbers(SEED);
  let replaced = 0;

  const replaceEndpoint = (service: BenchService): Change => {
    const address = fromBigInt('ipv4', LATER_PODS + BigInt(replaced));
    replaced += 1;
    return sliceChange({ ...service, endpoints: [address, ...service.endpoints.slice(1)] });
  };
  const replaceAmong = (count: number): readonly Change[] =>
    distinctNumbers(random, count, changeable.length)
      .map((index) => changeable[index])
      .filter((service) => service !== undefined)
      .map(replaceEndpoint);
  const addService = (): readonly Change[] => {
    const service = later.shift();
    if (service === undefined) throw new Error(`more than ${MOST_ADDED} services were added`);
    return bothChanges(service);
  };
  return {
    start: present.flatMap(bothChanges),
    next(operation) {
      switch (operation) {
        case 'endpoint':
          return replaceAmong(1);
        case 'percent':
          return replaceAmong(Math.ceil(services / 100));
        case 'service':
          return addService();
      }
    },
  };
}

function bothChanges(service: BenchService): readonly Change[] {
  const object = serviceObject('ipv4', service);
  return [{ kind: 'service', key: `bench/${service.name}`, object }, sliceChange(service)];
}

function sliceChange(service: BenchService): Change {
  return { kind: 'slice', key: `bench/${service.name}-a`, object: sliceObject('ipv4', service) };
}
