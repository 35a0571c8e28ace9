import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { NodeEvent } from '../../../src/cluster/api/node-event.ts';
import { verificationFor } from '../../../src/daemon/verification.ts';
import { createMetrics } from '../../../src/metrics/metrics.ts';
import { syncRecord } from '../../../src/status/sync-record.ts';
import type { VerifyMode } from '../../../src/verify/choice.ts';

function verification(mode: VerifyMode) {
  const lines: string[] = [];
  const events: NodeEvent[] = [];
  const store = createMetrics('1.2.3');
  const record = syncRecord(() => 0);
  const made = verificationFor({
    mode,
    log: pino({ base: null }, { write: (line) => void lines.push(line) }),
    metrics: store.metrics,
    postEvent: (event) => void events.push(event),
    record,
  });
  return { made, lines, events, text: store.text, record };
}

describe('services that are held back', () => {
  it('are told in the log, as an Event, a metric and to whoever asks for the status', () => {
    const { made, lines, events, text, record } = verification('sample');
    made?.onUnproven('ipv4', new Map([['web/shop', new Error('expected refused, found dropped')]]));
    expect(JSON.parse(lines.join(''))).toMatchObject({
      level: 50,
      family: 'ipv4',
      service: 'web/shop',
      packet: 'expected refused, found dropped',
    });
    expect(events).toMatchObject([
      { type: 'Warning', reason: 'ServiceUnproven', service: { namespace: 'web', name: 'shop' } },
    ]);
    expect(events[0]?.note).toContain('expected refused, found dropped');
    expect(text()).toContain('chainwright_unproven_services{ip_family="IPv4"} 1\n');
    expect([...record.of('ipv4').unproven.keys()]).toEqual(['web/shop']);
    made?.onUnproven('ipv4', new Map());
    expect(text()).toContain('chainwright_unproven_services{ip_family="IPv4"} 0\n');
    expect(record.of('ipv4').unproven.size).toBe(0);
    expect(events).toHaveLength(1);
  });

  it('are none where nothing is proven', () => {
    expect(verification('off').made).toBeUndefined();
  });
});
