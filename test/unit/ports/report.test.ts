import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { Claim } from '../../../src/ports/claims.ts';
import { isTaken, portsReport, type LiveFacts } from '../../../src/ports/report.ts';
import { portsReportSchema, type PortsReport } from '../../../src/ports/schema.ts';
import { claims, DUAL_STACK, listener, live, NODE_ADDRESSES, port, service, slice } from './building.ts';

const WEB = claims([service('a', { ports: [port(30080)] }), slice('a', ['node-a'])]);

function report(of: readonly Claim[] = WEB, facts?: Partial<LiveFacts>): PortsReport {
  return portsReport({
    node: 'node-a',
    claims: of,
    answersOn: NODE_ADDRESSES,
    live: facts && live(facts),
  });
}

describe('who listens on a node port', () => {
  it.each([
    ['nginx on all addresses', listener('0.0.0.0', 30080, 'nginx'), 'yes'],
    ['nobody knows who on the node’s address', listener('192.168.77.10', 30080), 'yes'],
    ['nginx on ::', listener('::', 30080, 'nginx'), 'perhaps'],
    ['nginx where node ports do not answer', listener('10.0.0.1', 30080, 'nginx'), 'no'],
    ['kube-proxy, to keep others away', listener('0.0.0.0', 30080, 'kube-proxy'), 'no'],
  ])('%s', (_, found, taken) => {
    const made = report(WEB, { listeners: [found, listener('0.0.0.0', 1, 'init')] });
    expect(made.ports[0]?.listeners).toMatchObject([{ address: found.address, taken }]);
    expect(made.ports.some(isTaken)).toBe(taken === 'yes');
  });

  it('loses for certain where he does in one family', () => {
    const dual = claims([service('a', { ...DUAL_STACK, ports: [port(30080)] })]);
    const made = report(dual, { listeners: [listener('::', 30080, 'nginx')] });
    expect(made.ports[0]?.listeners).toMatchObject([{ taken: 'yes' }]);
  });

  it('may well do so on the port of health checks', () => {
    const healthChecks = WEB.map((claim): Claim => ({ ...claim, use: 'healthChecks' }));
    const made = report(healthChecks, { listeners: [listener('0.0.0.0', 30080, 'node')] });
    expect(made.ports[0]?.listeners).toMatchObject([{ taken: 'no' }]);
  });
});

describe('the report', () => {
  it('says which ports outgoing connections may be given', () => {
    const ephemeral = { range: { first: 30000, last: 40000 }, reserved: [{ first: 30001, last: 30079 }] };
    const made = report(WEB, { ephemeral });
    expect(made.ports[0]?.ephemeral).toBe(true);
    expect(made.ephemeral).toEqual({
      ports: [30080],
      sysctl: 'net.ipv4.ip_local_reserved_ports=30001-30080',
    });
  });

  it('names services that claim the same port', () => {
    const twice = claims([
      service('a', { ports: [port(30080)] }),
      service('b', { clusterIP: '10.96.0.2', ports: [port(30080)] }),
    ]);
    expect(report(twice).ports.map(({ service: name, alsoClaimedBy }) => [name, alsoClaimedBy])).toEqual([
      ['web/a', ['web/b']],
      ['web/b', ['web/a']],
    ]);
  });

  it.each([
    ['dry', undefined],
    ['live', { listeners: [listener('0.0.0.0', 30080, 'nginx'), listener('::', 30080)] }],
  ])('is of the published shape, %s', (_, facts) => {
    const made = report(WEB, facts);
    expect(z.parse(portsReportSchema, JSON.parse(JSON.stringify(made)))).toEqual(made);
  });

  it('has a JSON Schema that says what each field means', () => {
    const schema = JSON.stringify(z.toJSONSchema(portsReportSchema));
    expect(schema).toContain(
      '"description":"namespace/name, or namespace/name:port where the port has a name."',
    );
  });
});
