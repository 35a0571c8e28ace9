import { parseAddress, type Address } from '../net/address.ts';
import { LabError } from './error.ts';
import type { LabRequest } from './request.ts';
import { CLIENT, NODE, type Topology } from './topology.ts';

/** Where a request is sent from. */
export interface Asker {
  readonly namespace: string;
  /** undefined: whatever the kernel chooses. */
  readonly address: Address | undefined;
}

/** @throws LabError where nobody has the address */
export function askerOf(from: LabRequest['from'], { client, pods }: Topology): Asker {
  if (from === 'node') return { namespace: NODE, address: undefined };
  if (from === 'outside') return { namespace: CLIENT, address: undefined };
  const colon = from.indexOf(':');
  const address = readAddress(from.slice(colon + 1));
  const candidates = from.startsWith('pod:') ? pods : [client];
  const machine = candidates.find(({ addresses }) => addresses.includes(address));
  if (machine !== undefined) return { namespace: machine.namespace, address };
  const known = candidates.flatMap(({ addresses }) => addresses).join(', ');
  throw new LabError(`${from}: expected one of the addresses ${known}`);
}

/** @throws LabError where the text is no address */
export function readAddress(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new LabError(`expected an IP address, got ${JSON.stringify(text)}`);
  return address;
}
