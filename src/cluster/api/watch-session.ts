import type { Change } from '../source.ts';
import { FaultError } from './fault.ts';
import type { Intake } from './intake.ts';
import type { Known } from './known.ts';
import type { Ended, Step } from './steps.ts';
import { isOlder } from './version.ts';
import type { WatchEvent } from './watch-event.ts';
import type { WatchListener } from './watch.ts';

export interface WatchSessionOptions<Model> {
  readonly known: Known<Model>;
  readonly intake: Intake<Model>;
  readonly onChanges: (changes: readonly Change[]) => void;
  /** A complete account of the objects has been told. */
  readonly onListed: () => void;
  /** So many events have been taken in. */
  readonly onEvents: (count: number) => void;
}

export interface WatchSession extends WatchListener {
  readonly ending: (fault: Ended['fault']) => Ended;
}

/**
 * What one watch does to the known objects. A watch that tells all objects first (`stream`) replaces what is
 * known when it has told them, and not before.
 */
export function watchSession<Model>(options: WatchSessionOptions<Model>, { kind, from }: Step): WatchSession {
  const { known, intake } = options;
  let opened: number | undefined;
  let replacement = kind === 'stream' ? known.replace() : undefined;
  let version = kind === 'stream' ? undefined : from;

  const reach = (reached: string | undefined): void => {
    // The objects that there are come in no order of versions.
    if (reached === undefined || replacement !== undefined) return;
    if (version !== undefined && isOlder(reached, version)) throw wentBack(reached, version);
    version = reached;
  };

  const apply = (event: WatchEvent): readonly (Change | undefined)[] => {
    switch (event.kind) {
      case 'set': {
        const { head, reading } = intake.take(event.object);
        reach(head.version);
        if (replacement === undefined) return [known.update(head.key, reading)];
        replacement.add(head.key, reading);
        return [];
      }
      case 'gone': {
        const head = intake.takeGone(event.object);
        reach(head.version);
        if (replacement === undefined) return [known.remove(head.key)];
        replacement.drop(head.key);
        return [];
      }
      case 'bookmark': {
        const complete = event.initialEnd ? replacement : undefined;
        if (complete !== undefined) replacement = undefined;
        reach(event.version);
        return complete?.commit() ?? [];
      }
      case 'unknown':
        return [];
    }
  };

  return {
    onOpen: () => {
      opened = performance.now();
    },
    onEvents: (events) => {
      const wasComplete = replacement === undefined;
      const changes: Change[] = [];
      let count = 0;
      try {
        for (const event of events) {
          count += 1;
          for (const change of apply(event)) if (change !== undefined) changes.push(change);
        }
      } finally {
        // What came before a fault in the same chunk has happened, and is told.
        if (count > 0) options.onEvents(count);
        if (changes.length > 0) options.onChanges(changes);
        if (!wasComplete && replacement === undefined) options.onListed();
      }
    },
    ending: (fault) => ({
      kind: 'ended',
      version,
      fault,
      moved: version !== undefined && version !== from,
      lived: opened === undefined ? 0 : performance.now() - opened,
    }),
  };
}

/** The server's clock, so to speak, was turned back: its store came from a backup. */
function wentBack(reached: string, version: string): FaultError {
  const message = `the server is at version ${reached} after version ${version}`;
  return new FaultError({ kind: 'ahead', message });
}
