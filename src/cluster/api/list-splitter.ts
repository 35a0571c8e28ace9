import { garbled } from './fault.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** 1 for each byte that is neither a quote nor a bracket. */
const ORDINARY = new Uint8Array(256).fill(1);
for (const byte of [QUOTE, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT]) ORDINARY[byte] = 0;

export interface ListSplitter {
  /** The texts of the items that this chunk completes. */
  readonly split: (chunk: Buffer) => readonly string[];
  /**
   * The list without its items, once everything was split.
   *
   * @throws FaultError where the list breaks off
   */
  readonly envelope: () => string;
}

/**
 * Cuts the JSON of a list into the texts of its items, so that the whole is never held. Knows no more of
 * JSON than texts and brackets: what is cut out is parsed, and thereby checked, by the caller. An
 * item, or everything but the items, of more than `longest` bytes is a fault.
 */
export function listSplitter(longest: number): ListSplitter {
  /** 1 is in the list object, 2 in one of its lists or objects, 3 and more in an item of `items`. */
  let depth = 0;
  let inItems = false;
  let inText = false;
  let escaped = false;
  let frame = '';
  let finished = false;
  /** Bytes of an item from chunks before. */
  let parts: Buffer[] = [];
  let held = 0;

  const keepFrame = (chunk: Buffer, from: number, to: number): void => {
    frame += chunk.toString('latin1', from, to);
    if (frame.length > longest) throw garbled(`a list of more than ${longest} bytes without its items`);
  };
  const keepItem = (chunk: Buffer, from: number, to: number): void => {
    held += to - from;
    if (held > longest) throw garbled(`an item of more than ${longest} bytes`);
    parts.push(chunk.subarray(from, to));
  };
  const takeItem = (chunk: Buffer, from: number, to: number): string => {
    if (held === 0 && to - from <= longest) return chunk.toString('utf8', from, to);
    keepItem(chunk, from, to);
    const text = Buffer.concat(parts).toString('utf8');
    parts = [];
    held = 0;
    return text;
  };

  /** What a bracket at `at` ends or begins; returns where the piece begins that is open after it. */
  const onBracket = (chunk: Buffer, from: number, at: number, byte: number, items: string[]): number => {
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      depth += 1;
      if (inItems) return depth === 3 ? at : from;
      if (depth !== 2 || byte === OPEN_OBJECT) return from;
      keepFrame(chunk, from, at + 1);
      inItems = /"items"\s*:\s*\[$/.test(frame);
      return at + 1;
    }
    depth -= 1;
    if (inItems && depth === 2) items.push(takeItem(chunk, from, at + 1));
    if (inItems && depth === 1) {
      inItems = false;
      return at;
    }
    if (depth === 0) finished = true;
    return from;
  };

  return {
    split: (chunk) => {
      const items: string[] = [];
      const { length } = chunk;
      let from = 0;
      let at = escaped ? 1 : 0;
      // These loops see every byte of every list, hence their plainness.
      for (;;) {
        if (inText) {
          while (at < length && chunk[at] !== QUOTE) at += chunk[at] === BACKSLASH ? 2 : 1;
          if (at >= length) break;
          inText = false;
          at += 1;
        }
        while (at < length && ORDINARY[chunk[at] ?? 0] === 1) at += 1;
        if (at >= length) break;
        const byte = chunk[at] ?? 0;
        if (byte === QUOTE) inText = true;
        else from = onBracket(chunk, from, at, byte, items);
        at += 1;
      }
      escaped = at > length;
      if (!inItems) keepFrame(chunk, from, length);
      else if (depth >= 3) keepItem(chunk, from, length);
      return items;
    },
    envelope: () => {
      if (!finished || depth !== 0) throw garbled('the list breaks off');
      return Buffer.from(frame, 'latin1').toString('utf8');
    },
  };
}
