/** A length of time in its one or two largest units: `42 ms`, `12 s`, `3 min`, `4 h 5 min`, `3 d 4 h`. */
export function spanText(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(Math.max(0, seconds) * 1000)} ms`;
  if (seconds < 59.5) return `${seconds < 9.95 ? Number(seconds.toFixed(1)) : Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return both(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(seconds / 3600);
  return both(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function both(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/** Between two moments in ISO 8601; a clock that was set back gives no negative time. */
export function secondsBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from)) / 1000;
}

/** `12 s ago`; whole seconds, since nobody looks that fast. */
export function agoText(moment: string, now: string): string {
  const seconds = Math.round(secondsBetween(moment, now));
  return seconds < 1 ? 'just now' : `${spanText(seconds)} ago`;
}
