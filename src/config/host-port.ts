import { joinHostPort, parseAddress, type Address } from '../net/address.ts';

/** Where a server listens. */
export interface HostPort {
  readonly address: Address;
  readonly port: number;
}

/**
 * Reads `address:port`, IPv6 in brackets; a host name is no address.
 *
 * @returns undefined where the text is none, or its port is not from 1 to 65535
 */
export function parseHostPort(text: string): HostPort | undefined {
  const parts = /^(?:\[([^[\]]*)\]|([^[\]:]*)):(\d{1,5})$/.exec(text);
  if (parts === null) return undefined;
  const address = parseAddress(parts[1] ?? parts[2] ?? '');
  const port = Number(parts[3]);
  if (address === undefined || port < 1 || port > 65_535) return undefined;
  return { address, port };
}

/**
 * The port is put behind an address that has none, so that `::1` becomes `[::1]:10249`; any other text
 * stays as it is (kube-proxy's AppendPortIfNeeded).
 */
export function withPort(text: string, port: number): string {
  const address = parseAddress(text);
  return address === undefined ? text : joinHostPort(address, port);
}
