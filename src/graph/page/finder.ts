import type { RuleGraph } from '../rule-graph.ts';
import type { Dispatch } from '../services.ts';
import { counted, plural } from '../words.ts';
import { element } from './dom.ts';
import { makeList } from './list.ts';
import { addChains, chainEntries, search, serviceEntries, type Entry } from './search.ts';
import { hashOf, type View } from './view.ts';

export interface Finder {
  readonly focus: () => void;
  /** Searches as if it had been typed. */
  readonly seek: (query: string) => void;
  /** Marks what is shown in the list. */
  readonly setOpen: (view: View) => void;
}

/** Milliseconds of reading between which the page answers. */
const SLICE = 12;
const PAGE_OF_OPTIONS = 8;

/** The search field and the list below it. */
export function makeFinder(
  graph: RuleGraph,
  dispatch: Dispatch,
  open: (view: View, seek: string) => void,
): Finder {
  const field = element('search') as HTMLInputElement;
  const list = makeList(({ entry, by }) => open(entry.view, by));
  let entries: readonly Entry[] = serviceEntries(dispatch);
  // Room for what there is, which then stays: a list that shrinks would move all below it.
  element('list').style.setProperty('--options', String(Math.max(1, entries.length)));

  const find = (): void => {
    const found = search(entries, field.value);
    const isAll = field.value.trim() === '';
    element('found').textContent = isAll ? plural(found.length, 'service') : `${counted(found.length)} found`;
    list.show(found);
  };
  const keys: ReadonlyMap<string, () => void> = new Map([
    ['ArrowDown', () => list.move(1)],
    ['ArrowUp', () => list.move(-1)],
    ['PageDown', () => list.move(PAGE_OF_OPTIONS)],
    ['PageUp', () => list.move(-PAGE_OF_OPTIONS)],
    [
      'Enter',
      () => {
        const marked = list.marked();
        if (marked !== undefined) open(marked.entry.view, marked.by);
      },
    ],
    [
      'Escape',
      () => {
        field.value = '';
        find();
      },
    ],
  ]);
  field.addEventListener('input', find);
  field.addEventListener('keydown', (event) => {
    const action = event.isComposing ? undefined : keys.get(event.key);
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target === field || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
  find();
  readChains(graph, dispatch, entries, (owned) => {
    entries = [...entries, ...chainEntries(graph, owned)];
    if (field.value.trim() !== '') find();
  });
  return {
    focus: () => field.focus(),
    seek: (query) => {
      field.value = query;
      field.focus();
      find();
    },
    setOpen: (view) => list.setOpen(({ entry }) => hashOf(entry.view) === hashOf(view)),
  };
}

/** What lies behind the services is read in slices: of a large node it takes a while. */
function readChains(
  graph: RuleGraph,
  dispatch: Dispatch,
  entries: readonly Entry[],
  done: (owned: ReadonlySet<string>) => void,
): void {
  const owned = new Set<string>();
  const services = [...dispatch.services.values()];
  let next = 0;
  const readSlice = (): void => {
    const until = performance.now() + SLICE;
    while (next < services.length && performance.now() < until) {
      const service = services[next];
      const entry = entries[next];
      if (service !== undefined && entry !== undefined) addChains(graph, service, entry, owned);
      next += 1;
    }
    if (next < services.length) setTimeout(readSlice);
    else done(owned);
  };
  setTimeout(readSlice);
}
