/** Texts of flags as Go's strconv and pflag read them. Each gives undefined for a text it does not take. */

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** Go's ParseBool. */
export function parseBool(text: string): boolean | undefined {
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : undefined;
}

/** Go's ParseInt with base 0: `14`, `-999`, `0x1f`, `0o17`, `017`, `0b11`. */
export function parseInteger(text: string): number | undefined {
  const parts = /^([+-]?)(0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9]\d*)$/.exec(text);
  if (parts === null) return undefined;
  const [, sign, digits = ''] = parts;
  const size = Number(digits.replace(/^0(?=[0-7])/, '0o'));
  // Not -0, which would show in messages.
  return sign === '-' && size !== 0 ? -size : size;
}

export function parseFloat64(text: string): number | undefined {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** `A=true,B=false`; the last word on a name counts. */
export function parseGates(text: string): Readonly<Record<string, boolean>> | undefined {
  const pairs = text
    .split(',')
    .filter((pair) => pair !== '')
    .map((pair): readonly [string, boolean | undefined] => {
      const equals = pair.indexOf('=');
      return equals < 0
        ? [pair, undefined]
        : [pair.slice(0, equals).trim(), parseBool(pair.slice(equals + 1).trim())];
    });
  if (!pairs.every((pair): pair is readonly [string, boolean] => pair[1] !== undefined)) return undefined;
  return Object.fromEntries(pairs);
}

export interface VModuleItem {
  readonly filePattern: string;
  readonly verbosity: number;
}

const HIGHEST_VERBOSITY = 2_147_483_647;

/** `proxier=4,topology=2`. */
export function parseLevels(text: string): readonly VModuleItem[] | undefined {
  const items = text
    .split(',')
    .filter((pair) => pair !== '')
    .map((pair) => /^([^=]+)=(\d+)$/.exec(pair))
    .map((parts) => parts && { filePattern: parts[1] ?? '', verbosity: Number(parts[2]) });
  const isItem = (item: VModuleItem | null): item is VModuleItem =>
    item !== null && item.verbosity <= HIGHEST_VERBOSITY;
  return items.every(isItem) ? items : undefined;
}
