import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/net/address.ts';
import { chooseEndpoints, type Demand } from '../../../src/routing/endpoint-choice.ts';
import type { Endpoint } from '../../../src/routing/route.ts';
import { plainEndpoint } from '../../support/plain-routes.ts';

type State = 'ready' | 'terminating' | 'gone';

function endpoint(text: string, state: State, fields: Partial<Endpoint> = {}): Endpoint {
  return plainEndpoint('10.0.0.1' as Address, 80, {
    text,
    ready: state === 'ready',
    serving: state !== 'gone',
    terminating: state === 'terminating',
    ...fields,
  });
}

const CLUSTER: Demand = { cluster: true, local: false };
const LOCAL: Demand = { cluster: false, local: true };
const BOTH: Demand = { cluster: true, local: true };
const PLACE = { nodeName: 'node-a', zone: 'zone-1' };
const texts = (endpoints: readonly Endpoint[]) => endpoints.map(({ text }) => text).join(' ');

function choose(endpoints: readonly Endpoint[], demand: Demand) {
  const { cluster, local, reachable, anywhere } = chooseEndpoints(endpoints, demand, PLACE);
  return { cluster: texts(cluster), local: texts(local), reachable: texts(reachable), anywhere };
}

const here = { local: true };
const zone = (...zones: readonly string[]) => ({ zoneHints: zones });
const nodes = (...names: readonly string[]) => ({ nodeHints: names });

describe('endpoints for policy Cluster', () => {
  it('are those that are ready', () => {
    const all = [endpoint('a', 'ready'), endpoint('b', 'gone'), endpoint('c', 'terminating')];
    expect(choose(all, CLUSTER)).toEqual({ cluster: 'a', local: '', reachable: 'a', anywhere: true });
  });

  it('are those that serve while they terminate, where none is ready', () => {
    const all = [endpoint('b', 'gone'), endpoint('c', 'terminating')];
    expect(choose(all, CLUSTER)).toMatchObject({ cluster: 'c', anywhere: true });
  });

  it('are none where none serves', () => {
    expect(choose([endpoint('b', 'gone')], CLUSTER)).toEqual({
      cluster: '',
      local: '',
      reachable: '',
      anywhere: false,
    });
  });

  it('are those of this zone, where every ready one has a hint', () => {
    const all = [endpoint('a', 'ready', zone('zone-1')), endpoint('b', 'ready', zone('zone-2'))];
    expect(choose(all, CLUSTER).cluster).toBe('a');
    expect(choose([...all, endpoint('c', 'ready')], CLUSTER).cluster).toBe('a b c');
    expect(choose([...all, endpoint('c', 'gone')], CLUSTER).cluster).toBe('a');
  });

  it('are all, where no hint names this zone', () => {
    const all = [endpoint('a', 'ready', zone('zone-2')), endpoint('b', 'ready', zone('zone-3'))];
    expect(choose(all, CLUSTER).cluster).toBe('a b');
  });

  it('are those of this node, before those of its zone', () => {
    const all = [
      endpoint('a', 'ready', { ...zone('zone-1'), ...nodes('node-a') }),
      endpoint('b', 'ready', { ...zone('zone-1'), ...nodes('node-b') }),
    ];
    expect(choose(all, CLUSTER).cluster).toBe('a');
    const elsewhere = all.map((each) => ({ ...each, nodeHints: ['node-c'] }));
    expect(choose(elsewhere, CLUSTER).cluster).toBe('a b');
  });
});

describe('endpoints for policy Local', () => {
  it('are those of this node', () => {
    const all = [endpoint('a', 'ready'), endpoint('b', 'ready', here)];
    expect(choose(all, LOCAL)).toEqual({ cluster: '', local: 'b', reachable: 'b', anywhere: true });
  });

  it('fall back to terminating ones here, though another node has a ready one', () => {
    const all = [endpoint('a', 'ready'), endpoint('b', 'terminating', here)];
    expect(choose(all, BOTH)).toEqual({ cluster: 'a', local: 'b', reachable: 'a b', anywhere: true });
  });

  it('are none where none is here, while the service lives on elsewhere', () => {
    expect(choose([endpoint('a', 'ready')], BOTH)).toEqual({
      cluster: 'a',
      local: '',
      reachable: 'a',
      anywhere: true,
    });
  });

  it('ignore hints, which bind policy Cluster only', () => {
    const all = [
      endpoint('a', 'ready', { ...here, ...zone('zone-2') }),
      endpoint('b', 'ready', zone('zone-1')),
    ];
    expect(choose(all, BOTH)).toEqual({ cluster: 'b', local: 'a', reachable: 'a b', anywhere: true });
  });
});
