import { element, make } from './dom.ts';
import type { Found } from './search.ts';

/** Pixels; the style sheet gives each option the same. */
const OPTION_HEIGHT = 46;
/** Options drawn beyond what is seen, so that slow drawing leaves no gaps. */
const SPARE = 6;

export interface List {
  readonly show: (found: readonly Found[]) => void;
  /** Moves the mark by so many options, or to the first or last. */
  readonly move: (by: number) => void;
  readonly marked: () => Found | undefined;
  /** Marks the option that is open. */
  readonly setOpen: (isOpen: (found: Found) => boolean) => void;
}

/** A list of which only the options in sight exist. The search field keeps the focus and names the marked one. */
export function makeList(onOpen: (found: Found) => void): List {
  const box = element('list');
  const field = element('search');
  const canvas = make('div', 'canvas');
  box.append(canvas);
  let options: readonly Found[] = [];
  let mark = -1;
  let isOpen: (found: Found) => boolean = () => false;

  const draw = (): void => {
    const first = Math.max(0, Math.floor(box.scrollTop / OPTION_HEIGHT) - SPARE);
    const last = Math.min(
      options.length,
      Math.ceil((box.scrollTop + box.clientHeight) / OPTION_HEIGHT) + SPARE,
    );
    canvas.style.height = `${options.length * OPTION_HEIGHT}px`;
    canvas.replaceChildren(
      ...options.slice(first, last).map((found, position) => option(found, first + position)),
    );
    const hasMark = mark >= first && mark < last;
    if (hasMark) field.setAttribute('aria-activedescendant', optionId(mark));
    else field.removeAttribute('aria-activedescendant');
  };

  const option = (found: Found, index: number): HTMLElement => {
    const { entry, by } = found;
    const made = make(
      'div',
      'option',
      make('b', '', entry.name),
      make('span', '', by === '' ? entry.about : by),
    );
    made.id = optionId(index);
    made.setAttribute('role', 'option');
    made.setAttribute('aria-setsize', String(options.length));
    made.setAttribute('aria-posinset', String(index + 1));
    made.setAttribute('aria-selected', String(index === mark));
    if (isOpen(found)) made.setAttribute('aria-current', 'true');
    made.style.top = `${index * OPTION_HEIGHT}px`;
    made.addEventListener('click', () => {
      mark = index;
      onOpen(found);
    });
    return made;
  };

  const reveal = (): void => {
    const top = mark * OPTION_HEIGHT;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + OPTION_HEIGHT > box.scrollTop + box.clientHeight) {
      box.scrollTop = top + OPTION_HEIGHT - box.clientHeight;
    }
  };

  // The search field keeps the focus.
  box.addEventListener('mousedown', (event) => event.preventDefault());
  box.addEventListener('scroll', draw, { passive: true });
  new ResizeObserver(draw).observe(box);
  return {
    show: (found) => {
      options = found;
      mark = -1;
      box.scrollTop = 0;
      draw();
    },
    move: (by) => {
      if (options.length === 0) return;
      mark = Math.max(0, Math.min(options.length - 1, mark + by));
      reveal();
      draw();
    },
    marked: () => options[Math.max(0, mark)],
    setOpen: (test) => {
      isOpen = test;
      draw();
    },
  };
}

function optionId(index: number): string {
  return `option-${index}`;
}
