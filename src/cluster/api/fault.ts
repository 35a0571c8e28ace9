/**
 * What can go wrong between us and an API server, sorted by what has to be done about it. `faultOf…` in
 * classify.ts decides which it is, `afterFault` in steps.ts what follows.
 */
export type Fault =
  /** 410, by status or by ERROR event: the version we hold is forgotten. */
  | Told<'expired'>
  /** The version we hold is newer than the server's: it lags, or its store was restored from a backup. */
  | Told<'ahead'>
  /** 400 or 422: the server does not know what we ask for. */
  | Told<'unsupported'>
  /** 401: the credentials are old or wrong. */
  | Told<'unauthorized'>
  /** 403: the credentials are right and may not. */
  | Told<'forbidden'>
  /** 429 and 5xx: later, please. */
  | (Told<'busy'> & {
      /** Milliseconds that the server asked us to wait (Retry-After); undefined where it did not. */
      readonly retryAfter: number | undefined;
    })
  /** Any other status that is no success. */
  | Told<'refused'>
  /** No connection, or a broken one: refused, reset, cut short, no name, no valid certificate. */
  | Told<'connection'>
  /** Nothing came for too long. */
  | Told<'silent'>
  /** Bytes that are not what an API server says, or more of them than we are ready to hold. */
  | Told<'garbled'>
  /** The credentials cannot be read or made: a file is gone, a plugin fails. */
  | Told<'credentials'>;

export type FaultKind = Fault['kind'];

interface Told<Kind extends string> {
  readonly kind: Kind;
  /** One line for people, without the server's address. */
  readonly message: string;
}

/** Carries a fault from where it is seen to the one place that deals with it. */
export class FaultError extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.message);
    this.name = 'FaultError';
    this.fault = fault;
  }
}

export function garbled(message: string): FaultError {
  return new FaultError({ kind: 'garbled', message });
}

export function silent(message: string): FaultError {
  return new FaultError({ kind: 'silent', message });
}
