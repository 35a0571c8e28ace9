import { setImmediate as breathe } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { PostEvent } from '../cluster/api/node-event.ts';
import { familyName } from '../net/family-name.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { readInterfaceAddresses } from '../node/host.ts';
import type { Verification } from '../reconciler/proving.ts';
import type { SyncRecord } from '../status/sync-record.ts';
import type { VerifyMode } from '../verify/choice.ts';
import { verifier } from '../verify/verifier.ts';

export interface VerificationOptions {
  readonly mode: VerifyMode;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly postEvent: PostEvent;
  readonly record: Pick<SyncRecord, 'onUnproven'>;
}

/** How rules are proven before they are written, and who is told of those that are wrong; undefined for none. */
export function verificationFor(options: VerificationOptions): Verification | undefined {
  const { mode, log, metrics, postEvent, record } = options;
  if (mode === 'off') return undefined;
  const { unproven } = verifier({
    mode,
    nodeAddresses: readInterfaceAddresses,
    random: Math.random,
    breathe: () => breathe(),
    clock: () => performance.now(),
    onError: (service, error) =>
      log.warn({ service, error: error.message }, 'rules could not be proven or refuted, and are written'),
  });
  return {
    unproven,
    onUnproven: (family, services) => {
      record.onUnproven(family, services);
      metrics.unprovenServices.set({ ipFamily: familyName(family) }, services.size);
      for (const [service, { message }] of services) {
        log.error(
          { family, service, packet: message },
          'the new rules of a service are wrong: it stays as it is',
        );
        const [namespace = '', name = ''] = service.split('/');
        postEvent({
          type: 'Warning',
          reason: 'ServiceUnproven',
          action: 'Sync',
          note: `the new ${family} rules of service ${service} would be wrong, and are not written: ${message}`,
          service: { namespace, name },
        });
      }
      if (services.size === 0) log.info({ family }, 'the rules of all services are right again');
    },
  };
}
