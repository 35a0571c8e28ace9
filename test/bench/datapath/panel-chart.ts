/* A chart of several panels, each with lines over the same logarithmic axis, as an SVG text. Pure. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly label: string;
  readonly points: readonly Point[];
}

export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

export interface Chart {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly panels: readonly Panel[];
  /** Each line's look, by its label, in the order of the legend. */
  readonly looks: ReadonlyMap<string, Look>;
}

export interface Look {
  readonly colour: string;
  /** As in stroke-dasharray; solid without. */
  readonly dashes?: string;
}

interface Scale {
  /** Where a value lies, in pixels. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const COLUMNS = 4;
const PLOT = { width: 215, height: 170 };
const CELL = { width: 285, height: 250 };
const HEAD = 84;

/** The panels share both axes, so that they can be compared. */
export function chartSvg(chart: Chart): string {
  const { panels, looks, title } = chart;
  const columns = Math.min(COLUMNS, panels.length);
  const width = Math.max(columns * CELL.width, 900);
  const height = HEAD + Math.ceil(panels.length / columns) * CELL.height;
  const points = panels.flatMap(({ lines }) => lines.flatMap((line) => line.points));
  const drawn = panels.map((panel, index) => {
    const box = {
      left: (index % columns) * CELL.width + 60,
      top: HEAD + Math.floor(index / columns) * CELL.height + 22,
      ...PLOT,
    };
    return panelSvg(panel, box, points, chart);
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" fill="#24292f">
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="16" y="28" font-size="17" font-weight="bold">${escaped(title)}</text>
${legendSvg(looks)}
${drawn.join('\n')}
</svg>
`;
}

function panelSvg({ title, lines }: Panel, box: Box, all: readonly Point[], chart: Chart): string {
  const { left, top, width, height } = box;
  const x = logScale(
    all.map((point) => point.x),
    left,
    left + width,
    [1],
  );
  const y = logScale(
    all.map((point) => point.y),
    top + height,
    top,
    [1, 2, 5],
  );
  const grid = y.ticks.map(
    (tick) =>
      `<line x1="${left}" x2="${left + width}" y1="${px(y.at(tick))}" y2="${px(y.at(tick))}" stroke="#d8dee4"/>` +
      `<text x="${left - 6}" y="${px(y.at(tick) + 4)}" text-anchor="end">${number(tick)}</text>`,
  );
  const feet = x.ticks.map(
    (tick) =>
      `<line x1="${px(x.at(tick))}" x2="${px(x.at(tick))}" y1="${top}" y2="${top + height}" stroke="#eaeef2"/>` +
      `<text x="${px(x.at(tick))}" y="${top + height + 15}" text-anchor="middle">${number(tick)}</text>`,
  );
  return [
    `<text x="${left}" y="${top - 8}" font-size="11" font-weight="bold">${escaped(title)}</text>`,
    ...feet,
    ...grid,
    `<text x="${left + width / 2}" y="${top + height + 31}" text-anchor="middle" fill="#57606a">${escaped(chart.xTitle)}</text>`,
    `<text transform="translate(${left - 47} ${top + height / 2}) rotate(-90)" text-anchor="middle" fill="#57606a">${escaped(chart.yTitle)}</text>`,
    ...lines.map((line) => lineSvg(line, x, y, chart.looks)),
  ].join('\n');
}

function lineSvg({ label, points }: Line, x: Scale, y: Scale, looks: ReadonlyMap<string, Look>): string {
  const places = points.map((point) => `${px(x.at(point.x))},${px(y.at(point.y))}`);
  const { colour, dashes } = looks.get(label) ?? { colour: '#000000' };
  const dots = points.map(
    (point) => `<circle cx="${px(x.at(point.x))}" cy="${px(y.at(point.y))}" r="2.4" fill="${colour}"/>`,
  );
  return `<polyline points="${places.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.8"${dashing(dashes)}/>${dots.join('')}`;
}

function legendSvg(looks: ReadonlyMap<string, Look>): string {
  return [...looks]
    .map(([label, { colour, dashes }], index) => {
      const left = 16 + index * 165;
      return (
        `<line x1="${left}" x2="${left + 26}" y1="52" y2="52" stroke="${colour}" stroke-width="2.5"${dashing(dashes)}/>` +
        `<text x="${left + 32}" y="56" font-size="12">${escaped(label)}</text>`
      );
    })
    .join('\n');
}

function dashing(dashes: string | undefined): string {
  return dashes === undefined ? '' : ` stroke-dasharray="${dashes}"`;
}

/**
 * @param from pixels of the smallest value
 * @param steps at which multiples of a power of ten there are ticks
 */
export function logScale(
  values: readonly number[],
  from: number,
  to: number,
  steps: readonly number[],
): Scale {
  const low = Math.log10(Math.min(...values));
  const high = Math.log10(Math.max(...values));
  // A little air, and no division by zero where all values are the same.
  const margin = Math.max((high - low) * 0.04, 0.02);
  const [bottom, top] = [low - margin, high + margin];
  const ticks: number[] = [];
  for (let power = Math.floor(bottom); power <= top; power += 1) {
    for (const step of steps) {
      const tick = step * 10 ** power;
      if (Math.log10(tick) >= bottom && Math.log10(tick) <= top) ticks.push(tick);
    }
  }
  const at = (value: number): number => from + ((Math.log10(value) - bottom) / (top - bottom)) * (to - from);
  return { at, ticks };
}

function px(value: number): string {
  return value.toFixed(1);
}

function number(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
