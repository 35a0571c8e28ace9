import { across } from '../layout/across.ts';
import { down } from '../layout/down.ts';
import type { Placed } from '../layout/placed.ts';
import type { Card, Opening, Picture, Row } from '../picture.ts';
import { drawing } from '../svg.ts';
import { element } from './dom.ts';
import { moved, type Direction, type Spot } from './walk.ts';

export interface PictureEvents {
  /** A rule is pointed at or has the focus. */
  readonly onLook: (card: Card, row: Row) => void;
  /** A rule that leads out of the picture was pressed. */
  readonly onOpen: (opening: Opening) => void;
  /** What was left out of a card is asked for. */
  readonly onMore: (card: Card) => void;
  readonly onLeave: () => void;
}

export interface PictureView {
  readonly show: (picture: Picture, first: Spot | undefined) => void;
  /** Draws again where the width has changed. */
  readonly resize: () => void;
}

/** Narrower pages have cards below each other. */
const NARROW = 760;
const WIDEST_DOWN = 520;
/** Below this a wide picture is scrolled rather than made smaller. */
const SMALLEST_SCALE = 0.82;

export function makePictureView(events: PictureEvents): PictureView {
  const box = element('picture');
  let picture: Picture | undefined;
  let spot: Spot = { card: 0, row: 0 };
  let width = 0;

  const rowElement = ({ card, row }: Spot): SVGGElement | null => {
    const id = picture?.cards[card]?.id;
    const rows = [...box.querySelectorAll<SVGGElement>(`[data-index="${row}"]`)];
    return rows.find((candidate) => candidate.dataset.of === id) ?? null;
  };
  const draw = (): void => {
    if (picture === undefined) return;
    width = box.clientWidth;
    box.innerHTML = markup(picture, width);
    rowElement(spot)?.setAttribute('tabindex', '0');
  };
  const spotOf = (target: EventTarget | null): Spot | undefined => {
    const row = target instanceof Element ? target.closest<SVGGElement>('[data-of]') : null;
    if (row === null || picture === undefined) return undefined;
    const card = picture.cards.findIndex(({ id }) => id === row.dataset.of);
    return card < 0 ? undefined : { card, row: Number(row.dataset.index) };
  };
  const look = (at: Spot | undefined): void => {
    const card = at && picture?.cards[at.card];
    const row = at && card?.rows[at.row];
    lightUp(box, card?.id, at?.row);
    if (card !== undefined && row !== undefined) events.onLook(card, row);
  };
  const moveTo = (next: Spot): void => {
    rowElement(spot)?.setAttribute('tabindex', '-1');
    spot = next;
    const row = rowElement(next);
    row?.setAttribute('tabindex', '0');
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  };
  const press = (at: Spot): void => {
    const card = picture?.cards[at.card];
    const row = card?.rows[at.row];
    if (picture === undefined || card === undefined) return;
    if (row === undefined) events.onMore(card);
    else if (row.opens !== undefined) events.onOpen(row.opens);
    else moveTo(moved(picture, at, 'follow'));
  };
  const onKey = (event: KeyboardEvent): void => {
    const at = spotOf(event.target);
    if (at === undefined || picture === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = DIRECTIONS.get(event.key);
    if (direction !== undefined) moveTo(moved(picture, at, direction));
    else if (event.key === 'Enter' || event.key === ' ') press(at);
    else if (event.key === 'Escape') events.onLeave();
    else return;
    event.preventDefault();
  };
  box.addEventListener('keydown', onKey);
  box.addEventListener('click', (event) => {
    const at = spotOf(event.target);
    if (at === undefined) return;
    moveTo(at);
    press(at);
  });
  box.addEventListener('pointerover', (event) => {
    const at = spotOf(event.target);
    if (at !== undefined) look(at);
  });
  box.addEventListener('pointerleave', () => look(box.contains(document.activeElement) ? spot : undefined));
  box.addEventListener('focusin', (event) => {
    const at = spotOf(event.target);
    if (at === undefined) return;
    spot = at;
    look(at);
  });
  return {
    show: (next, first) => {
      picture = next;
      spot = first ?? firstSpot(next);
      draw();
      box.scrollTo(0, 0);
      if (first === undefined) return;
      look(first);
      rowElement(first)?.classList.add('sought');
      rowElement(first)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    },
    resize: () => {
      if (box.clientWidth === width) return;
      const hadFocus = box.contains(document.activeElement);
      draw();
      if (hadFocus) moveTo(spot);
    },
  };
}

const DIRECTIONS: ReadonlyMap<string, Direction> = new Map([
  ['ArrowDown', 'down'],
  ['ArrowUp', 'up'],
  ['ArrowRight', 'follow'],
  ['ArrowLeft', 'back'],
  ['Home', 'first'],
  ['End', 'last'],
] as const);

function firstSpot({ cards }: Picture): Spot {
  return {
    card: Math.max(
      0,
      cards.findIndex(({ rows }) => rows.length > 0),
    ),
    row: 0,
  };
}

function markup(picture: Picture, width: number): string {
  const placed = placedFor(picture, width);
  const scale = placed.width > width ? Math.max(SMALLEST_SCALE, width / placed.width) : 1;
  const size = `width="${Math.round(placed.width * scale)}" height="${Math.round(placed.height * scale)}"`;
  const box = `viewBox="0 0 ${placed.width} ${placed.height}"`;
  return `<svg class="p" ${size} ${box}>${drawing(placed, { interactive: true, thickest: isNarrow(width) ? 4 : 8 })}</svg>`;
}

function placedFor(picture: Picture, width: number): Placed {
  if (isNarrow(width)) return down(picture, Math.min(width, WIDEST_DOWN));
  return across(picture);
}

function isNarrow(width: number): boolean {
  return width < NARROW;
}

/** Brings out the jumps of a rule. */
function lightUp(box: HTMLElement, card: string | undefined, row: number | undefined): void {
  for (const line of box.querySelectorAll<SVGPathElement>('.line')) {
    const isOf = line.dataset.from === card && line.dataset.row === String(row);
    line.classList.toggle('lit', isOf);
  }
}
