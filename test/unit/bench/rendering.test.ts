import { describe, expect, it } from 'vitest';
import { casesOf } from '../../bench/datapath/cases.ts';
import { packetCharts, syncChart } from '../../bench/datapath/charts.ts';
import { benchCluster, benchView, modelOf } from '../../bench/datapath/cluster.ts';
import type { Series } from '../../bench/datapath/measure.ts';
import { nativeTransactions } from '../../bench/datapath/native-ruleset.ts';
import { readOptions } from '../../bench/datapath/options.ts';
import { packetTables, ratioTables } from '../../bench/datapath/packet-tables.ts';
import { logScale } from '../../bench/datapath/panel-chart.ts';
import type { PacketContest, SyncContest } from '../../bench/datapath/results.ts';
import { clusterRoutes } from '../../../src/routing/routes.ts';

function series(label: string, typical: readonly number[]): Series {
  return { label, name: 'hit', transport: 'tcp', typical, first: [], incomplete: 0 };
}

function contest(services: number): PacketContest {
  return {
    family: 'ipv4',
    services,
    load: 0.5,
    series: [
      series('none-nft', [10, 10, 10]),
      series('native', [12, 12, 12]),
      series('classic-nft', [50, 60, 70]),
      series('indexed-nft', [15, 15, 18]),
    ],
  };
}

describe('tables of packets', () => {
  it('compare at the size of the aims, not beyond it', () => {
    const [text = ''] = ratioTables([contest(1_000), contest(10_000), contest(20_000)]);
    expect(text).toContain('### IPv4, 10,000 services');
    const line = text
      .split('\n')
      .find((each) => each.startsWith('| hit: cluster IP, endpoint on the node | tcp'));
    // indexed / native on nft, classic / indexed on nft, and (60 - 10) / (15 - 10) beyond none.
    expect(line).toBe('| hit: cluster IP, endpoint on the node | tcp |  | 1.25 |  | 3.89 |  | 10.00 |');
  });

  it('have a column for each size, and rows only for what was measured', () => {
    const [tcp = ''] = packetTables([contest(1_000), contest(10_000)]);
    const rows = tcp.split('\n').filter((line) => line.startsWith('| '));
    expect(rows).toHaveLength(2 + 4);
    expect(rows[0]).toBe('| case | rules | 1,000 | 10,000 |');
    expect(rows).toContain('|  | classic-nft | **60.0** 55.0–65.0 | **60.0** 55.0–65.0 |');
  });
});

describe('charts', () => {
  it('draw a line for each configuration, through a point for each size', () => {
    const [chart] = packetCharts([contest(10_000), contest(100)]);
    const lines = chart?.svg.match(/<polyline points="[^"]*"/g) ?? [];
    // Only one backend's `none` is drawn, and it is not this one.
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line.match(/,/g)).toHaveLength(2);
    expect(chart?.svg).not.toContain('NaN');
  });

  it('need two sizes for a line', () => {
    expect(packetCharts([contest(100)])).toEqual([]);
  });

  it('leave out what was not measured', () => {
    const syncs = (services: number, costs: readonly number[]): SyncContest => ({
      services,
      load: 0,
      series: [
        {
          way: 'kube-proxy',
          backend: 'nft',
          operation: 'full',
          costs: costs.map((cpu) => ({ cpu, wall: cpu, all: cpu })),
        },
      ],
    });
    const [chart] = syncChart([syncs(1_000, [50]), syncs(5_000, [400]), syncs(10_000, [])]);
    expect(chart?.svg).not.toContain('NaN');
    expect(chart?.svg.match(/<circle /g)).toHaveLength(2);
  });

  it('have the same distance between equal ratios', () => {
    const { at, ticks } = logScale([10, 1_000], 0, 300, [1]);
    expect(at(100) - at(10)).toBeCloseTo(at(1_000) - at(100));
    expect(ticks).toEqual([10, 100, 1_000]);
  });
});

describe('the cluster', () => {
  it.each(['ipv4', 'ipv6'] as const)('has destinations for every case, %s', (family) => {
    const cases = casesOf(benchCluster(family, 100));
    expect(cases).toHaveLength(16);
    for (const { destinations } of cases) expect(destinations.length).toBeGreaterThan(0);
  });

  it('keeps unused addresses unused', () => {
    const { services, unusedIPs } = benchCluster('ipv4', 1_000);
    const taken = new Set(services.map(({ clusterIP }) => clusterIP));
    expect(taken.size).toBe(services.length);
    expect(unusedIPs.filter((address) => taken.has(address))).toEqual([]);
  });
});

describe('the native ruleset', () => {
  it('has each service once, and those without endpoints apart', () => {
    const view = benchView('ipv4');
    const cluster = benchCluster('ipv4', 100);
    const routes = clusterRoutes(modelOf(cluster), view).flatMap((service) => service.routes);
    const text = [...nativeTransactions(routes, view)].join('');
    expect(elementsOf(text, 'service-ips')).toHaveLength(100);
    expect(elementsOf(text, 'no-endpoint-services')).toHaveLength(2);
    expect(elementsOf(text, 'service-nodeports')).toHaveLength(10);
    expect(text.match(/numgen random mod 1000 map/g)).toHaveLength(2);
  });
});

function elementsOf(text: string, container: string): readonly string[] {
  const [, members = ''] = new RegExp(`add element ip kube-proxy ${container} { (.*) }`).exec(text) ?? [];
  return members.split(', ');
}

describe('options', () => {
  it('narrow what is measured', () => {
    const options = readOptions(['--quick', '--only', 'packets', '--family', 'ipv6', '--services', '10,20']);
    expect(options).toMatchObject({ quick: true, parts: ['packets'], packets: { ipv4: [], ipv6: [10, 20] } });
  });

  it.each([
    [['--services', 'many'], '--services: expected a number above 0, got "many"'],
    [['--only', 'all'], '--only: expected packets or syncs, got "all"'],
    [['--rounds', '0'], '--rounds: expected a number above 0, got "0"'],
  ])('%j are refused', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});
