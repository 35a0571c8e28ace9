import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes that the heap must have grown by before it is worth a collection. */
const WORTH_WHILE = 16 * 2 ** 20;
/** Milliseconds from one collection to the next, as long as changes alone make garbage. */
const PAUSE = 60_000;

/**
 * Gives memory back to the system after work that made much garbage: V8 keeps what it once had, which after
 * the first sync of 10,000 services is 20 MB for good, and under changes without end is more each minute.
 * Everything waits for it, 0.2 s or so with 10,000 services, so it is for moments when rules have just been
 * written, and not for each of them.
 *
 * @returns a function to call after such work
 */
export function memoryReturn(): (work: 'full' | 'delta') => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as NodeJS.GCFunction;
  const heapSize = (): number => getHeapStatistics().total_heap_size;
  let settled = heapSize();
  let last = performance.now();
  return (work) => {
    if (work === 'delta' && performance.now() < last + PAUSE) return;
    if (heapSize() < settled + WORTH_WHILE) return;
    // The flavour that also gives back pages; an ordinary collection keeps them for what may come.
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    settled = heapSize();
    last = performance.now();
  };
}
