import type { Address } from '../net/address.ts';

/** What the lab and the agents in its namespaces say to each other: a line of JSON each. */
export type AgentCall = ServeCall | RequestCall;

export interface ServeCall {
  readonly kind: 'serve';
  readonly listeners: readonly Listener[];
}

export interface RequestCall {
  readonly kind: 'request';
  readonly order: RequestOrder;
}

/** The protocols that Node can speak: it has no SCTP. */
export type SpokenProtocol = 'tcp' | 'udp';

/** HTTP on TCP, datagrams on UDP. Bound to its one address, so that it can say where a request arrived. */
export interface Listener {
  readonly address: Address;
  readonly port: number;
  readonly protocol: SpokenProtocol;
}

/** Requests, each on a connection (a source port) of its own. */
export interface RequestOrder {
  readonly address: Address;
  readonly port: number;
  readonly protocol: SpokenProtocol;
  readonly count: number;
  /** How many are under way at once. */
  readonly concurrency: number;
  /** Milliseconds until one counts as unanswered. */
  readonly timeout: number;
  /** How many unanswered ones are enough: after them no more are sent. All, without it. */
  readonly enoughTimeouts?: number | undefined;
  /** The source address to send from, where the place has several. */
  readonly from?: Address | undefined;
}

/** What became of one request. */
export type Outcome =
  | {
      readonly kind: 'arrived';
      /** The listener that answered, `address:port`. */
      readonly endpoint: string;
      /** Who the listener thinks asked. */
      readonly clientAddress: string;
      readonly clientPort: number;
    }
  /** A reset or an ICMP error said no at once. */
  | { readonly kind: 'refused' }
  /** Silence: dropped on the way there or back. */
  | { readonly kind: 'timeout' }
  /** Anything else, by the system's error code. */
  | { readonly kind: 'failed'; readonly reason: string };

export type AgentQuestion = AgentCall & { readonly id: number };

export type AgentAnswer =
  | { readonly id: number; readonly outcomes: readonly Outcome[] }
  | { readonly id: number; readonly error: string };

/** What a listener tells who asks. */
export interface Greeting {
  readonly endpoint: string;
  readonly clientAddress: string;
  readonly clientPort: number;
}
