import { describe, expect, it } from 'vitest';
import { deletions } from '../../../src/conntrack/deletions.ts';
import type { StaleReason } from '../../../src/conntrack/verdict.ts';
import { entry } from './building.ts';

const NODE = '192.168.77.10';
const lines = (found: Parameters<typeof deletions>[1], most?: number) =>
  deletions('ipv4', found, most).map((args) => args.join(' '));
const stale = (reason: StaleReason, ...texts: readonly string[]) =>
  texts.map((text) => ({ reason, entry: entry(text, 'tcp', 'ESTABLISHED') }));

describe('deletions', () => {
  it('take all entries to an endpoint at once', () => {
    const clients = Array.from({ length: 1_000 }, (_, index) => `10.0.0.1:${1000 + index}`);
    const flows = clients.map((client) => `${client} > 10.96.0.10:53, 10.244.0.9:5353 > ${client}`);
    expect(lines({ stale: stale('notServing', ...flows), kept: [] })).toEqual([
      '-D -f ipv4 -p tcp --orig-dst 10.96.0.10 --orig-port-dst 53 --reply-src 10.244.0.9 --reply-port-src 5353',
    ]);
  });

  it('take all entries that are masqueraded alike at once', () => {
    const flows = [
      `203.0.113.1:1000 > ${NODE}:30080, 10.244.1.6:8080 > ${NODE}:1000`,
      `203.0.113.2:1000 > ${NODE}:30080, 10.244.0.5:8080 > ${NODE}:1001`,
    ];
    expect(lines({ stale: stale('masqueraded', ...flows), kept: [] })).toEqual([
      `-D -f ipv4 -p tcp --orig-dst ${NODE} --orig-port-dst 30080 --reply-dst ${NODE}`,
    ]);
  });

  it('spare what is kept: by client where that will do, else one by one', () => {
    const found = {
      stale: stale(
        'masqueraded',
        `203.0.113.1:1000 > ${NODE}:30080, 10.244.1.6:8080 > ${NODE}:1000`,
        `203.0.113.1:1001 > ${NODE}:30080, 10.244.1.6:8080 > ${NODE}:1001`,
        `${NODE}:1002 > ${NODE}:30080, 10.244.1.6:8080 > ${NODE}:1002`,
      ),
      kept: [entry(`${NODE}:1003 > ${NODE}:30080, 10.244.1.6:8080 > ${NODE}:1003`, 'tcp')],
    };
    const widest = `-D -f ipv4 -p tcp --orig-dst ${NODE} --orig-port-dst 30080 --reply-dst ${NODE}`;
    expect(lines(found)).toEqual([
      `${widest} --orig-src 203.0.113.1`,
      `-D -f ipv4 -p tcp --orig-src ${NODE} --orig-dst ${NODE} --orig-port-src 1002 --orig-port-dst 30080 ` +
        `--reply-src 10.244.1.6 --reply-dst ${NODE} --reply-port-src 8080 --reply-port-dst 1002`,
    ]);
    expect(lines(found, 1)).toEqual([widest]);
  });

  it('keep protocols apart', () => {
    const text = '10.0.0.1:1000 > 10.96.0.10:53, 10.244.0.9:53 > 10.0.0.1:1000';
    const both = (['tcp', 'udp'] as const).map((protocol) => ({
      reason: 'affinity' as const,
      entry: entry(text, protocol),
    }));
    expect(lines({ stale: both, kept: [] })).toHaveLength(2);
  });

  it('are none for nothing', () => {
    expect(lines({ stale: [], kept: [] })).toEqual([]);
  });
});
