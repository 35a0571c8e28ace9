import type { Address } from '../net/address.ts';
import type { Protocol } from './objects.ts';

/** A socket of another process on the host that takes connections or datagrams from anybody. */
export interface Listener {
  readonly protocol: Protocol;
  /** Unspecified (`0.0.0.0`, `::`) for all addresses. */
  readonly address: Address;
  readonly port: number;
  /** undefined where /proc does not show it to this process. */
  readonly owner: SocketOwner | undefined;
}

/** The process that holds a socket. */
export interface SocketOwner {
  readonly pid: number;
  /** The program's name, cut to 15 characters by the kernel. */
  readonly command: string;
}
