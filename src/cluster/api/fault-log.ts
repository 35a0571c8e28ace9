import type { Logger } from 'pino';
import type { Fault, FaultKind } from './fault.ts';

export interface FaultLog {
  readonly fault: (fault: Fault, pause: number) => void;
  /** Something came: if there was trouble, it is over. */
  readonly progress: () => void;
}

/** Part of a watch's ordinary life, mended by the next request. */
const ORDINARY: ReadonlySet<FaultKind> = new Set<FaultKind>(['expired', 'unsupported']);
/** How often trouble that lasts is told again, in milliseconds. */
const REMINDER = 60_000;

/** Tells trouble when it begins, when it changes, once a minute while it lasts, and when it is over. */
export function faultLog(log: Pick<Logger, 'debug' | 'info' | 'warn'>, what: string): FaultLog {
  let since: number | undefined;
  let silences = 0;
  let told = { kind: '', at: 0 };
  return {
    fault: ({ kind, message }, pause) => {
      const now = performance.now();
      const line = `${what}: ${message}; trying again in ${(pause / 1000).toFixed(1)} s`;
      const isNews = kind !== told.kind || now - told.at >= REMINDER;
      // A server that was just started sends no bookmarks of kinds of which it has seen no event yet.
      if (kind === 'silent') silences += 1;
      if (ORDINARY.has(kind) || (kind === 'silent' && silences === 1) || !isNews) {
        log.debug({ fault: kind }, line);
        return;
      }
      since ??= now;
      told = { kind, at: now };
      log.warn({ fault: kind }, `${line}. What is known stays in force`);
    },
    progress: () => {
      silences = 0;
      if (since === undefined) return;
      const seconds = Math.round((performance.now() - since) / 1000);
      log.info(`${what}: the API server is followed again after ${seconds} s`);
      since = undefined;
      told = { kind: '', at: told.at };
    },
  };
}
