import type { FakeServer } from '../api/fake-server.ts';
import type { Address } from '../../src/net/address.ts';
import type { BenchCluster, Endpoint } from './cluster-objects.ts';

/* What happens to the endpoints of a cluster while it is soaked. */

/** Of a service, beyond those that it has at first. */
const MOST_MORE_ENDPOINTS = 4;
/** The part of a service's endpoints that a rolling update replaces in one step, as a Deployment does. */
const SURGE = 1 / 4;
/** The part of all services that have an endpoint on one node. */
const NODE_SHARE = 1 / 50;
/** Milliseconds that a node is away. */
const AWAY = 10_000;
const SEED = 20261121;

/** Whether an endpoint should get new traffic, and since when. */
export interface State {
  readonly index: number;
  readonly address: Address;
  readonly wanted: boolean;
  readonly at: number;
}

export interface Changes {
  /** An endpoint comes, goes, or turns ready or not. */
  readonly next: () => void;
  /** New endpoints become ready, as many old ones end, and those that ended before are gone. */
  readonly roll: () => void;
  /** The endpoints of a node are not ready for a while. */
  readonly flap: () => void;
  /** The nodes come back that have been away for long enough. */
  readonly comeBack: (which: 'due' | 'all') => void;
  /** Nothing changes until `resume`; what is due by then is made up for at once. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly isPaused: () => boolean;
  /** Slices written. */
  readonly made: () => number;
  /** The next change is to be followed: nothing else happens to its service until `release`. */
  readonly follow: () => Promise<State>;
  readonly release: () => void;
  /** By address: endpoints as the API has them, and those that are gone. */
  readonly states: ReadonlyMap<string, State>;
  /** Forgets endpoints that have been gone for so many milliseconds. */
  readonly forget: (milliseconds: number) => void;
  /** An endpoint of the service that has been ready for so many milliseconds. */
  readonly steady: (index: number, milliseconds: number) => string | undefined;
}

export interface ChangesOptions {
  readonly server: FakeServer;
  readonly cluster: BenchCluster;
  readonly services: number;
  /** Of each service, at first. */
  readonly endpoints: number;
}

export function makeChanges({ server, cluster, services, endpoints: perService }: ChangesOptions): Changes {
  const endpoints = Array.from({ length: services }, (_, index) => cluster.firstEndpoints(index, perService));
  const states = new Map<string, State>();
  const random = randomNumbers(SEED);
  const away: { readonly until: number; readonly gone: ReadonlyMap<number, Address> }[] = [];
  let made = 0;
  let addresses = 0;
  let paused = false;
  let followed: number | undefined;
  let tell: ((sample: State) => void) | undefined;
  endpoints.forEach((list, index) => {
    for (const { address } of list) states.set(address, { index, address, wanted: true, at: -Infinity });
  });

  const fresh = (): Address => cluster.newAddress((addresses += 1));

  /** A service of which nobody follows a change. */
  function anyService(): number {
    for (;;) {
      const index = random(services);
      if (index !== followed || services === 1) return index;
    }
  }

  function write(index: number, after: readonly Endpoint[]): void {
    const before = endpoints[index] ?? [];
    endpoints[index] = after;
    const at = performance.now();
    const changed: State[] = [];
    for (const address of new Set([...before, ...after].map((each) => each.address))) {
      const wanted = isServed(after, address);
      if (states.has(address) && isServed(before, address) === wanted) continue;
      const state = { index, address, wanted, at };
      states.set(address, state);
      changed.push(state);
    }
    server.apply('endpointslices', cluster.slice(index, after));
    made += 1;
    // An endpoint that was never ready makes no difference to the rules.
    const felt = changed.filter(({ wanted, address }) => wanted || isServed(before, address));
    const sample = felt[random(Math.max(felt.length, 1))];
    if (tell === undefined || sample === undefined) return;
    followed = index;
    tell(sample);
    tell = undefined;
  }

  function changeOne(before: readonly Endpoint[]): readonly Endpoint[] {
    const at = random(Math.max(before.length, 1));
    const chosen = before[at];
    const what = random(3);
    if (chosen === undefined || (what === 0 && before.length < perService + MOST_MORE_ENDPOINTS))
      return [...before, { address: fresh(), ready: true }];
    const { address, ready, terminating = false } = chosen;
    if (what === 1 && !terminating) return before.with(at, { address, ready: !ready });
    return before.toSpliced(at, 1);
  }

  function rolled(before: readonly Endpoint[]): readonly Endpoint[] {
    const staying = before.filter(({ terminating = false }) => !terminating);
    const count = Math.max(1, Math.ceil(staying.length * SURGE));
    const ending = staying
      .slice(0, count)
      .map(({ address }) => ({ address, ready: false, terminating: true }));
    const come = Array.from({ length: count }, () => ({ address: fresh(), ready: true }));
    return [...staying.slice(count), ...come, ...ending];
  }

  function flap(): void {
    const first = random(services);
    const count = Math.max(1, Math.floor(services * NODE_SHARE));
    const gone = new Map<number, Address>();
    for (let step = 0; step < count; step += 1) {
      const index = (first + step) % services;
      const before = endpoints[index] ?? [];
      const at = before.findIndex(({ ready }) => ready);
      const chosen = before[at];
      // The last one stays: what there is no endpoint for may fail.
      if (chosen === undefined || before.filter(({ ready }) => ready).length < 2 || index === followed)
        continue;
      gone.set(index, chosen.address);
      write(index, before.with(at, { address: chosen.address, ready: false }));
    }
    away.push({ until: performance.now() + AWAY, gone });
  }

  function comeBack(now: number): void {
    for (let [first] = away; first !== undefined && first.until <= now; [first] = away) {
      away.shift();
      for (const [index, address] of first.gone) {
        const before = endpoints[index] ?? [];
        const at = before.findIndex((each) => each.address === address && each.terminating !== true);
        if (at >= 0) write(index, before.with(at, { address, ready: true }));
      }
    }
  }

  return {
    next: () => {
      const index = anyService();
      write(index, changeOne(endpoints[index] ?? []));
    },
    roll: () => {
      const index = anyService();
      write(index, rolled(endpoints[index] ?? []));
    },
    flap,
    comeBack: (which) => comeBack(which === 'all' ? Infinity : performance.now()),
    pause: () => (paused = true),
    resume: () => (paused = false),
    isPaused: () => paused,
    made: () => made,
    follow: () => new Promise((resolve) => (tell = resolve)),
    release: () => (followed = undefined),
    states,
    forget: (milliseconds) => {
      const before = performance.now() - milliseconds;
      for (const [address, { index, wanted, at }] of states) {
        const isThere = endpoints[index]?.some((each) => each.address === address) === true;
        if (!wanted && !isThere && at < before) states.delete(address);
      }
    },
    steady: (index, milliseconds) => {
      const before = performance.now() - milliseconds;
      return endpoints[index]?.find(({ address, ready }) => {
        const state = states.get(address);
        return ready && state !== undefined && state.at < before;
      })?.address;
    },
  };
}

/** Those that end serve where there is no ready one. */
function isServed(list: readonly Endpoint[], wanted: string): boolean {
  const hasReady = list.some(({ ready }) => ready);
  return list.some(
    ({ address, ready, terminating = false }) => address === wanted && (hasReady ? ready : terminating),
  );
}

/** The same ones at every run. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
