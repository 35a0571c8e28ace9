/** What we use of `@resvg/resvg-js`, which is not installed everywhere. */
interface Rasteriser {
  readonly Resvg: new (svg: string, options: object) => Drawing;
}

interface Drawing {
  readonly width: number;
  readonly height: number;
  innerBBox(): object | undefined;
  render(): { asPng(): Uint8Array };
}

const PACKAGE = '@resvg/resvg-js';
/** Pixels of the picture for each of the SVG's, for dense screens and print. */
const SCALE = 2;
/** Pixels of a side that viewers still take. */
const LONGEST_SIDE = 16_000;

const FONTS = { loadSystemFonts: true, defaultFontFamily: 'DejaVu Sans' };

/** @throws Error where the package that draws, or any font, is missing */
export async function pngOf(svg: string): Promise<Uint8Array> {
  const { Resvg } = await rasteriser();
  const letter = '<svg xmlns="http://www.w3.org/2000/svg"><text y="20">x</text></svg>';
  if (new Resvg(letter, { font: FONTS }).innerBBox() === undefined) {
    throw new Error('--output png: no font is installed (fonts-dejavu-core has one); svg needs none');
  }
  const { width, height } = new Resvg(svg, { font: { loadSystemFonts: false } });
  const value = Math.min(SCALE, LONGEST_SIDE / Math.max(width, height));
  return new Resvg(svg, { font: FONTS, fitTo: { mode: 'zoom', value } }).render().asPng();
}

async function rasteriser(): Promise<Rasteriser> {
  try {
    // Not by its name: it would be looked for when the program is built.
    const name: string = PACKAGE;
    return (await import(name)) as Rasteriser;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new Error(`--output png: needs the npm package ${PACKAGE}, which is not installed; svg needs none`);
  }
}
