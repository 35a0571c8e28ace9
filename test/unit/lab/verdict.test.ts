import { describe, expect, it } from 'vitest';
import type { Check } from '../../../src/lab/checks.ts';
import type { Expectation } from '../../../src/lab/expectation.ts';
import type { Outcome } from '../../../src/lab/protocol.ts';
import { tableReport } from '../../../src/lab/report.ts';
import { judge } from '../../../src/lab/verdict.ts';
import type { Address } from '../../../src/net/address.ts';

const NODE = '192.168.77.10' as Address;
const CLIENT = '192.168.77.100' as Address;

function check(expectation: Expectation): Check {
  return {
    service: 'default/web',
    protocol: 'tcp',
    source: { kind: 'outside', address: CLIENT, hostInterface: 'eth0' },
    destination: { kind: 'nodePort', address: NODE, port: 30080 },
    expectation,
    rivals: [],
  };
}

function arrivals(count: number, endpoint: string, clientAddress: string = NODE): readonly Outcome[] {
  return Array.from({ length: count }, () => ({
    kind: 'arrived',
    endpoint,
    clientAddress,
    clientPort: 4_000,
  }));
}

function several(count: number, kind: 'refused' | 'timeout'): readonly Outcome[] {
  return Array.from({ length: count }, () => ({ kind }));
}

function only(endpoint: string): Expectation {
  return { kind: 'arrives', at: [{ endpoint, share: 1, source: 'node' }], sticky: false };
}

const halves: Expectation = {
  kind: 'arrives',
  at: ['10.0.0.1:80', '10.0.0.2:80'].map((endpoint) => ({ endpoint, share: 0.5, source: 'node' })),
  sticky: false,
};

function complaints(expectation: Expectation, outcomes: readonly Outcome[]): readonly string[] {
  return judge(check(expectation), outcomes, [NODE]).complaints;
}

describe('the verdict', () => {
  it('is well where shares and sources are what they should be', () => {
    expect(complaints(halves, [...arrivals(55, '10.0.0.1:80'), ...arrivals(45, '10.0.0.2:80')])).toEqual([]);
  });

  it('names who got requests and should not', () => {
    const outcomes = [...arrivals(50, '10.0.0.1:80'), ...arrivals(48, '10.0.0.2:80')];
    expect(complaints(halves, [...outcomes, ...arrivals(2, '10.0.0.9:80')])).toEqual([
      '2 arrived at 10.0.0.9:80',
    ]);
    expect(complaints(halves, [...outcomes, ...several(1, 'timeout')])).toEqual(['1 hang (dropped)']);
    expect(complaints(halves, [...outcomes, { kind: 'failed', reason: 'EHOSTUNREACH' }])).toEqual([
      '1 failed: EHOSTUNREACH',
    ]);
  });

  it('names a source that is not masqueraded', () => {
    const outcomes = [...arrivals(50, '10.0.0.1:80', CLIENT), ...arrivals(50, '10.0.0.2:80')];
    expect(complaints(halves, outcomes)).toEqual([
      "10.0.0.1:80 sees 192.168.77.100, expected the node's address",
    ]);
  });

  it('names an endpoint that gets nothing, and shares that are far off', () => {
    expect(complaints(halves, arrivals(100, '10.0.0.1:80'))).toEqual(['10.0.0.2:80 gets nothing']);
    const lopsided = [...arrivals(80, '10.0.0.1:80'), ...arrivals(20, '10.0.0.2:80')];
    expect(complaints(halves, lopsided)).toEqual(['shares are not what was expected']);
  });

  it('does not judge shares by a handful of requests', () => {
    expect(complaints(halves, arrivals(4, '10.0.0.1:80'))).toEqual([]);
  });

  it('wants all of a client at one endpoint under session affinity', () => {
    const sticky: Expectation = { ...halves, sticky: true };
    expect(complaints(sticky, arrivals(40, '10.0.0.2:80'))).toEqual([]);
    expect(complaints(sticky, [...arrivals(39, '10.0.0.2:80'), ...arrivals(1, '10.0.0.1:80')])).toEqual([
      '2 endpoints for one client, expected one by session affinity',
    ]);
  });

  it('tells refused from dropped', () => {
    expect(complaints({ kind: 'refused' }, several(3, 'refused'))).toEqual([]);
    expect(complaints({ kind: 'refused' }, several(3, 'timeout'))).toEqual([
      '3 hang (dropped), expected refused (REJECT)',
    ]);
    expect(complaints({ kind: 'dropped' }, several(3, 'timeout'))).toEqual([]);
    expect(complaints({ kind: 'dropped' }, arrivals(3, '10.0.0.1:80'))).toEqual([
      '3 arrived at 10.0.0.1:80, expected hang (dropped)',
    ]);
  });
});

describe('a destination that another service claims too', () => {
  const green = { service: 'default/green', expectation: only('10.0.0.3:80') };
  const contested: Check = { ...check(only('10.0.0.1:80')), rivals: [green] };

  it('is right where either of them has it', () => {
    const own = judge(contested, arrivals(20, '10.0.0.1:80'), [NODE]);
    expect([own.complaints, own.wonBy]).toEqual([[], undefined]);
    const other = judge(contested, arrivals(20, '10.0.0.3:80'), [NODE]);
    expect([other.complaints, other.wonBy]).toEqual([[], 'default/green']);
    expect(tableReport([other])).toContain(
      '100 %     100 %  192.168.77.10 (node)  default/green claims it too, and has it',
    );
  });

  it('is wrong where neither has it, and where they share it', () => {
    const stray = judge(contested, arrivals(20, '10.0.0.2:80'), [NODE]);
    expect([stray.complaints, stray.wonBy]).toEqual([['20 arrived at 10.0.0.2:80'], undefined]);
    const both = [...arrivals(10, '10.0.0.1:80'), ...arrivals(10, '10.0.0.3:80')];
    expect(judge(contested, both, [NODE]).complaints).toEqual(['10 arrived at 10.0.0.3:80']);
  });
});

describe('the table', () => {
  it('aligns its columns and sums up', () => {
    const outcomes = [...arrivals(55, '10.0.0.1:80'), ...arrivals(45, '10.0.0.2:80')];
    const verdicts = [
      judge(check(halves), outcomes, [NODE]),
      judge(check({ kind: 'refused' }), several(3, 'timeout'), [NODE]),
    ];
    expect(tableReport(verdicts).split('\n')).toEqual([
      'DESTINATION                          FROM                    ARRIVED AT       EXPECTED  SEEN   SOURCE SEEN           VERDICT',
      'default/web',
      '  node port 192.168.77.10:30080/tcp  outside 192.168.77.100  10.0.0.1:80      50 %      55 %   192.168.77.10 (node)  ok',
      '                                                             10.0.0.2:80      50 %      45 %   192.168.77.10 (node)',
      '                                     outside 192.168.77.100  hangs (dropped)  0 %       100 %  -                     WRONG: 3 hang (dropped), expected refused (REJECT)',
      '',
      '1 of 2 checks are not as expected, 103 requests.',
      '',
    ]);
  });

  it('says so where there is nothing to check', () => {
    expect(tableReport([])).toContain('Nothing to check');
  });
});
