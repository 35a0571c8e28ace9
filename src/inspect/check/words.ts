import { joinHostPort } from '../../net/address.ts';
import type { Fate, Outcome } from '../fate.ts';
import type { Packet } from '../packet.ts';
import type { ExpectedDelivery, ExpectedFate } from './expectation.ts';
import { shareOf } from './share.ts';

/** Past this many ways they are counted, not listed. */
const MOST_LISTED = 4;

/** `tcp 198.51.100.77 -> 10.96.0.10:80`, and what else sets it apart. */
export function packetWords(packet: Packet): string {
  const { protocol, source, destination, destinationPort, inInterface, state = 'NEW', mark = 0 } = packet;
  const extras = [
    inInterface === undefined ? 'sent by the node' : `in by ${inInterface}`,
    ...(state === 'NEW' ? [] : [`state ${state}`]),
    ...(mark === 0 ? [] : [`mark 0x${mark.toString(16)}`]),
  ];
  return `${protocol} ${source} -> ${joinHostPort(destination, destinationPort)} (${extras.join(', ')})`;
}

/** One way to go, and how often it is gone. */
interface Way {
  readonly where: string;
  /** Empty in the plain way. */
  readonly how: string;
  readonly share: number;
}

export function expectedWords(fates: readonly ExpectedFate[]): string {
  return waysWords(
    fates.map((fate) => {
      const { share } = fate;
      return fate.kind === 'delivered' ? deliveryWay(fate, share) : { where: fate.kind, how: '', share };
    }),
  );
}

export function foundWords(fates: readonly Fate[]): string {
  return waysWords(fates.map(({ outcome, probability }) => wayFound(outcome, shareOf(probability))));
}

function wayFound(outcome: Outcome, share: number): Way {
  switch (outcome.kind) {
    case 'delivered':
      return deliveryWay(outcome, share);
    case 'rejected':
      return { where: 'refused', how: '', share };
    case 'dropped':
      return {
        where: 'dropped',
        how: outcome.by.rule === 'policy' ? `by the policy of ${outcome.by.chain}` : '',
        share,
      };
    case 'unknown':
      return { where: `not known: ${outcome.part}`, how: '', share };
  }
}

type Delivery = Omit<ExpectedDelivery, 'kind' | 'share'>;

function deliveryWay({ address, port, dnat, masqueraded, accepted }: Delivery, share: number): Way {
  const how = [...(masqueraded ? ['masqueraded'] : []), ...(accepted ? ['accepted by a rule'] : [])];
  return {
    where: dnat ? `to ${joinHostPort(address, port)}` : 'let through as it came',
    how: how.join(', '),
    share,
  };
}

/** What all ways have in common is said once. */
function waysWords(ways: readonly Way[]): string {
  const [first] = ways;
  if (first === undefined) return 'nothing';
  const common = ways.every(({ how }) => how === first.how) ? first.how : undefined;
  const end = common === undefined || common === '' ? '' : `, ${common}`;
  const words = ({ where, how }: Way): string =>
    common === undefined && how !== '' ? `${where} (${how})` : where;
  if (ways.length === 1) return `${first.where}${end}`;
  const listed = ways.slice(0, MOST_LISTED).map((way) => `${percent(way.share)} ${words(way)}`);
  const rest = ways.length - listed.length;
  return `${[...listed, ...(rest === 0 ? [] : [`and ${rest} more`])].join(', ')}${end}`;
}

/** With as many digits as tell a wrong share from a right one. */
export function percent(share: number): string {
  return `${String(Number((share * 100).toPrecision(9)))} %`;
}
