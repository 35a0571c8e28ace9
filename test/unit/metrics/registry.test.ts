import { describe, expect, test } from 'vitest';
import { counter, fromZero, gauge, histogram, label, mirror } from '../../../src/metrics/definition.ts';
import { createRegistry, type Definitions } from '../../../src/metrics/registry.ts';
import { metricsText } from '../../../src/metrics/text.ts';

function made<const D extends Definitions>(definitions: D) {
  const { handles, families } = createRegistry(definitions);
  return { handles, text: () => metricsText(families()) };
}

const lines = (...expected: readonly string[]) => expected.map((line) => `${line}\n`).join('');

test('a counter without labels starts at 0', () => {
  const { handles, text } = made({ syncs: counter('syncs_total', 'Syncs', {}) });
  expect(text()).toBe(lines('# HELP syncs_total Syncs', '# TYPE syncs_total counter', 'syncs_total 0'));
  handles.syncs.inc({});
  handles.syncs.inc({}, 2);
  expect(text()).toContain('\nsyncs_total 3\n');
});

test('a counter never falls', () => {
  const { handles, text } = made({ syncs: counter('syncs_total', 'Syncs', {}) });
  handles.syncs.inc({}, 5);
  handles.syncs.inc({}, -3);
  expect(text()).toContain('\nsyncs_total 5\n');
});

test('what has labels has no series, and no head either, until something happens', () => {
  const { text } = made({ a: gauge('a', 'A', { kind: label('kind') }), b: mirror('b_total', 'B', {}) });
  expect(text()).toBe('');
});

test('labels are printed by the names on the wire, in their order, series in the order of their values', () => {
  const definition = gauge('rules', 'Rules', {
    table: label('table', ['nat', 'filter']),
    ipFamily: label('ip_family', ['IPv4', 'IPv6']),
  });
  const { handles, text } = made({ rules: definition });
  handles.rules.set({ ipFamily: 'IPv6', table: 'nat' }, 1);
  handles.rules.set({ ipFamily: 'IPv4', table: 'nat' }, 2);
  handles.rules.set({ ipFamily: 'IPv4', table: 'filter' }, 3);
  expect(text()).toBe(
    lines(
      '# HELP rules Rules',
      '# TYPE rules gauge',
      'rules{ip_family="IPv4",table="filter"} 3',
      'rules{ip_family="IPv4",table="nat"} 2',
      'rules{ip_family="IPv6",table="nat"} 1',
    ),
  );
});

test('a series can be removed', () => {
  const { handles, text } = made({ taken: gauge('taken', 'Taken', { port: label('port') }) });
  handles.taken.set({ port: '30080' }, 1);
  handles.taken.set({ port: '30081' }, 1);
  handles.taken.remove({ port: '30080' });
  expect(text()).toContain('taken{port="30081"} 1');
  expect(text()).not.toContain('30080');
});

test('all series are there from the start where that is asked for', () => {
  const definition = counter('repairs_total', 'Repairs', {
    ipFamily: label('ip_family', ['IPv4', 'IPv6']),
    kind: label('kind', ['chain', 'jump']),
  });
  expect(made({ repairs: fromZero(definition) }).text()).toBe(
    lines(
      '# HELP repairs_total Repairs',
      '# TYPE repairs_total counter',
      'repairs_total{ip_family="IPv4",kind="chain"} 0',
      'repairs_total{ip_family="IPv4",kind="jump"} 0',
      'repairs_total{ip_family="IPv6",kind="chain"} 0',
      'repairs_total{ip_family="IPv6",kind="jump"} 0',
    ),
  );
});

test('all series from the start need labels with known values', () => {
  const open = fromZero(counter('faults_total', 'Faults', { kind: label('kind') }));
  expect(() => made({ open })).toThrow('the values of label kind are not listed');
});

describe('a histogram', () => {
  const { handles, text } = made({
    seconds: histogram('sync_seconds', 'Seconds', { ipFamily: label('ip_family') }, [0.1, 1, 2_000_000]),
  });

  test('counts each observation in its bucket and all above, a bound belonging to its bucket', () => {
    for (const seconds of [0.05, 0.1, 0.7, 3_000_000]) handles.seconds.observe({ ipFamily: 'IPv4' }, seconds);
    expect(text()).toBe(
      lines(
        '# HELP sync_seconds Seconds',
        '# TYPE sync_seconds histogram',
        'sync_seconds_bucket{ip_family="IPv4",le="0.1"} 2',
        'sync_seconds_bucket{ip_family="IPv4",le="1"} 3',
        'sync_seconds_bucket{ip_family="IPv4",le="2e+06"} 3',
        'sync_seconds_bucket{ip_family="IPv4",le="+Inf"} 4',
        'sync_seconds_sum{ip_family="IPv4"} 3.00000085e+06',
        'sync_seconds_count{ip_family="IPv4"} 4',
      ),
    );
  });
});

test('what would break a line is escaped', () => {
  const { handles, text } = made({
    faults: counter('faults_total', 'A "\\" or\nanother', { why: label('why') }),
  });
  handles.faults.inc({ why: 'said "no"\\\nand went' });
  expect(text()).toBe(
    lines(
      '# HELP faults_total A "\\\\" or\\nanother',
      '# TYPE faults_total counter',
      'faults_total{why="said \\"no\\"\\\\\\nand went"} 1',
    ),
  );
});

test('metrics are printed in the order of their names', () => {
  const { text } = made({ b: counter('b_total', 'B', {}), a: gauge('a', 'A', {}) });
  expect([...text().matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name)).toEqual(['a', 'b_total']);
});
