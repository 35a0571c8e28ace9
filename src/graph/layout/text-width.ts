/*
 * How wide text is, without a font at hand: a little more than in the widest of the fonts that the style
 * names, so that what fits here fits everywhere.
 */

type Face = 'sans' | 'mono';

const MONO = 0.605;
const NARROW = 0.36;
const WIDE = 0.95;
const CAPITAL = 0.7;
const USUAL = 0.62;
/** Of writing systems whose letters fill a square, and of what we know nothing of. */
const SQUARE = 1;

/** Pixels, at a font size in pixels. */
export function textWidth(text: string, face: Face, size: number): number {
  let width = 0;
  for (const character of text) width += advance(character, face);
  return width * size;
}

function advance(character: string, face: Face): number {
  if (character > '\u024f' && !'–…·→'.includes(character)) return SQUARE;
  if (face === 'mono') return MONO;
  if (/[ijl.,:;'|!()[\] /\-tfrI]/.test(character)) return NARROW;
  if (/[mwMW%@…→]/.test(character)) return WIDE;
  return /[A-Z]/.test(character) ? CAPITAL : USUAL;
}

/** The text, its end cut off where it is too wide. */
export function fitted(text: string, face: Face, size: number, width: number): string {
  const line = text.replace(/\s+/g, ' ');
  if (textWidth(line, face, size) <= width) return line;
  let used = textWidth('…', face, size);
  let kept = '';
  for (const character of line) {
    used += advance(character, face) * size;
    if (used > width) break;
    kept += character;
  }
  return `${kept}…`;
}
