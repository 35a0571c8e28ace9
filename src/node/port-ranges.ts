/** Both ends are part of it. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export function inRange({ first, last }: PortRange, port: number): boolean {
  return first <= port && port <= last;
}

/** Reads `8080,9148-9150` as ip_local_reserved_ports has it; what is no range is left out. */
export function parsePortRanges(text: string): readonly PortRange[] {
  return text.split(',').flatMap((part) => {
    const [, first, last = first] = /^\s*(\d{1,5})(?:-(\d{1,5}))?\s*$/.exec(part) ?? [];
    return first === undefined ? [] : [{ first: Number(first), last: Number(last) }];
  });
}

/** Sorts, joins what touches, and writes it as parsePortRanges reads it. */
export function formatPortRanges(ranges: readonly PortRange[]): string {
  const joined: PortRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const last = joined.at(-1);
    if (last !== undefined && range.first <= last.last + 1) {
      joined[joined.length - 1] = { first: last.first, last: Math.max(last.last, range.last) };
    } else {
      joined.push(range);
    }
  }
  return joined.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`)).join(',');
}
