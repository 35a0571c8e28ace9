import { pino, stdTimeFunctions, type Level, type Logger } from 'pino';
import type { Settings } from '../model/settings.ts';
import { printable } from '../text/printable.ts';

/** Logs lines for people or for machines, as the configuration wants, on standard error. */
export function makeLogger({ format, verbosity }: Settings['logging']): Logger {
  const options = { level: levelOf(verbosity), base: null, timestamp: stdTimeFunctions.isoTime };
  const write = (line: string): void => void process.stderr.write(format === 'json' ? line : textLine(line));
  return pino(options, { write });
}

/** kube-proxy says what it does from 2 on, and in detail from 4 on. */
function levelOf(verbosity: number): Level {
  return verbosity >= 4 ? 'debug' : 'info';
}

const LEVELS: Readonly<Record<number, string>> = {
  20: 'DEBUG',
  30: 'INFO ',
  40: 'WARN ',
  50: 'ERROR',
  60: 'FATAL',
};

/**
 * `2026-11-21T09:00:00.000Z INFO  rules are current family=ipv4 seconds=0.02`: one line, whatever text of the
 * API server is in it.
 */
function textLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${fieldText(value)}`);
  const said = `${String(time)} ${LEVELS[Number(level)] ?? String(level)} ${String(msg)}${pairs.join('')}`;
  return `${printable(said)}\n`;
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return /^[\w./:@[\]-]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}
