/** `a`, `a and b`, `a, b and 3 more`. */
export function listed(words: readonly string[], most = 4): string {
  const shown =
    words.length > most ? [...words.slice(0, most - 1), `${words.length - most + 1} more`] : words;
  if (shown.length < 2) return shown.join('');
  return `${shown.slice(0, -1).join(', ')} and ${String(shown.at(-1))}`;
}

/** `1 endpoint`, `2 endpoints`. */
export function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

const FAMILY_NAMES = { ipv4: 'IPv4', ipv6: 'IPv6' } as const;

export function familyName(family: keyof typeof FAMILY_NAMES): string {
  return FAMILY_NAMES[family];
}

/** `30080/tcp`. */
export function portText(port: number, protocol: string): string {
  return `${port}/${protocol}`;
}
