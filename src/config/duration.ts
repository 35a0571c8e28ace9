import type { Milliseconds } from '../model/settings.ts';

const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n, // U+00B5, the micro sign
  μs: 1_000n, // U+03BC, the Greek letter
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const NANOSECONDS_A_MILLISECOND = 1_000_000;
const LONGEST = 2n ** 63n - 1n;
const PART = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;

/**
 * Reads a duration as Go's time.ParseDuration does: `1h0m0s`, `1.5s`, `-100ms`, `0`. Digits below a
 * nanosecond are cut off.
 *
 * @returns milliseconds, with fractions; undefined where the text is no duration, or one of more than
 *   the 292 years that Go can hold
 */
export function parseDuration(text: string): Milliseconds | undefined {
  const negative = text.startsWith('-');
  const unsigned = /^[+-]/.test(text) ? text.slice(1) : text;
  if (unsigned === '0') return 0;
  const nanoseconds = sumOfParts(unsigned);
  if (nanoseconds === undefined || nanoseconds > LONGEST + (negative ? 1n : 0n)) return undefined;
  if (nanoseconds === 0n) return 0;
  return Number(negative ? -nanoseconds : nanoseconds) / NANOSECONDS_A_MILLISECOND;
}

/** Prints a duration as Go's Duration.String does: `0s`, `1.5µs`, `100ms`, `1m30s`, `24h0m0s`. */
export function formatDuration(duration: Milliseconds): string {
  const nanoseconds = nanosecondsOf(Math.abs(duration));
  if (nanoseconds === 0n) return '0s';
  const sign = duration < 0 ? '-' : '';
  if (nanoseconds < 1_000n) return `${sign}${nanoseconds}ns`;
  if (nanoseconds < 1_000_000n) return `${sign}${decimal(nanoseconds, 3)}µs`;
  if (nanoseconds < 1_000_000_000n) return `${sign}${decimal(nanoseconds, 6)}ms`;
  const minutes = nanoseconds / 60_000_000_000n;
  const seconds = `${decimal(nanoseconds % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return `${sign}${seconds}`;
  if (minutes < 60n) return `${sign}${minutes}m${seconds}`;
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

function sumOfParts(text: string): bigint | undefined {
  let sum = 0n;
  let end = 0;
  while (end < text.length) {
    PART.lastIndex = end;
    const [part, whole = '', fraction = '', unit = ''] = PART.exec(text) ?? [];
    const size = NANOSECONDS[unit];
    if (part === undefined || size === undefined || whole + fraction === '') return undefined;
    sum += BigInt(whole) * size + (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
    end += part.length;
  }
  return end === 0 ? undefined : sum;
}

/** Whole and fraction apart: their product in one float would lose the last digit after some weeks. */
function nanosecondsOf(duration: Milliseconds): bigint {
  const whole = Math.trunc(duration);
  const rest = Math.round((duration - whole) * NANOSECONDS_A_MILLISECOND);
  return BigInt(whole) * BigInt(NANOSECONDS_A_MILLISECOND) + BigInt(rest);
}

/** The number with its last `places` digits behind the point, and no zeros at its end. */
function decimal(value: bigint, places: number): string {
  const digits = String(value).padStart(places + 1, '0');
  const fraction = digits.slice(-places).replace(/0+$/, '');
  const whole = digits.slice(0, -places);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
