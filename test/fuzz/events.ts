import { watchEvent, type WatchEvent } from '../../src/cluster/api/watch-event.ts';

/** Made as they are asked for, so that a fault comes after the events before it. */
export function* eventsOf(lines: readonly string[]): Iterable<WatchEvent> {
  for (const line of lines) yield watchEvent(line);
}
