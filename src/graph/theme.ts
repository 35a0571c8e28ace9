import type { Tone } from './picture.ts';

/** Colours by what they are for. Texts stand out from their ground by 4.5 to 1 and more. */
export interface Palette {
  readonly page: string;
  readonly card: string;
  readonly border: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  /** Jumps that only some packets take. */
  readonly conditionalLine: string;
  readonly hover: string;
  readonly focus: string;
  readonly endpoint: string;
  readonly denied: string;
  readonly mark: string;
  /** The ground of a card's head. */
  readonly heads: Readonly<Record<Tone, string>>;
}

export const LIGHT: Palette = {
  page: '#f6f7f9',
  card: '#ffffff',
  border: '#c8ced8',
  text: '#17202e',
  muted: '#4d5a6c',
  line: '#5b7fb5',
  conditionalLine: '#a3763a',
  hover: '#eef3fb',
  focus: '#1a5fd0',
  endpoint: '#17703c',
  denied: '#b3261e',
  mark: '#7a5310',
  heads: { base: '#e4e8ee', dispatch: '#dbe8fb', service: '#e9e2fa', endpoint: '#daf1e1', other: '#f5ead6' },
};

export const DARK: Palette = {
  page: '#11151c',
  card: '#1a202a',
  border: '#39434f',
  text: '#e6ebf2',
  muted: '#a5b1c1',
  line: '#6d97d8',
  conditionalLine: '#c79a5b',
  hover: '#243044',
  focus: '#7fb0ff',
  endpoint: '#6fd196',
  denied: '#ff9087',
  mark: '#e3b567',
  heads: { base: '#2a323d', dispatch: '#1f3352', service: '#342a55', endpoint: '#1c3f2c', other: '#423418' },
};

// Without quotation marks, which not every reader of SVG takes.
const SANS = 'system-ui, Segoe UI, Roboto, Noto Sans, Liberation Sans, DejaVu Sans, Arial, sans-serif';
const MONO = 'ui-monospace, Menlo, Consolas, Noto Sans Mono, Liberation Mono, DejaVu Sans Mono, monospace';

const FONTS = `.p text{font-family:${SANS};font-size:12px}
.p .mono{font-family:${MONO};font-size:11.5px;font-weight:600}
.p .title{font-size:18px;font-weight:600}
.p .end{text-anchor:end}
.p .line{fill:none;stroke-opacity:.62}
.p .conditional{stroke-dasharray:5 4}
`;

/**
 * The style of pictures. Every colour is written out for each of light and dark, since not every reader of
 * SVG knows variables; one that does not know of dark takes the light ones.
 */
export const PICTURE_STYLE = `${FONTS}${colours(LIGHT)}@media (prefers-color-scheme:dark){${colours(DARK)}}\n`;

/** The same colours for the page around the pictures, which browsers alone read. */
export const PAGE_COLOURS = `:root{color-scheme:light dark;--sans:${SANS};--mono:${MONO};${variables(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${variables(DARK)}}}
`;

function variables(palette: Palette): string {
  const { page, card, border, text, muted, hover, focus, endpoint, denied, mark } = palette;
  return Object.entries({ page, card, border, text, muted, hover, focus, endpoint, denied, mark })
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';');
}

function colours(palette: Palette): string {
  const heads = Object.entries(palette.heads).map(([tone, colour]) => `.p .head-${tone}{fill:${colour}}`);
  return [
    `.p .ground{fill:${palette.page}}`,
    `.p text{fill:${palette.text}}`,
    `.p .muted{fill:${palette.muted}}`,
    `.p .card{fill:${palette.card};stroke:${palette.border}}`,
    `.p .frame{fill:none;stroke:${palette.border}}`,
    `.p .line{stroke:${palette.line}}`,
    `.p .arrival{fill:${palette.line}}`,
    `.p .line.conditional{stroke:${palette.conditionalLine}}`,
    `.p .arrival.conditional{fill:${palette.conditionalLine}}`,
    `.p .hit{fill:${palette.card}}`,
    `.p .bullet{fill:${palette.border}}`,
    '.p .left-out .bullet{fill:none}',
    `.p .left-out .words{fill:${palette.muted}}`,
    ...(['endpoint', 'denied', 'mark'] as const).flatMap((tone) => [
      `.p .row-${tone} .words{fill:${palette[tone]}}`,
      `.p .row-${tone} .bullet{fill:${palette[tone]}}`,
    ]),
    ...heads,
    '',
  ].join('\n');
}
