import type { Claim } from '../inspect/check/claims.ts';
import { fatesOf } from '../inspect/evaluate.ts';
import { isLocal } from '../inspect/facts.ts';
import type { Fate } from '../inspect/fate.ts';
import type { Packet } from '../inspect/packet.ts';
import type { Address } from '../net/address.ts';
import { claimsFor, type Destination } from './destination.ts';
import type { Asker, Situation, Trip } from './situation.ts';
import { isOurChain } from './verdict.ts';

/** Sends the first packet of a new connection through the rules. */
export function tripTo({ protocol, address, port }: Destination, asker: Asker, situation: Situation): Trip {
  const { view, facts, program } = situation;
  const packet: Packet = {
    family: view.family,
    protocol,
    source: asker.address,
    destination: address,
    destinationPort: port,
    inInterface: asker.inInterface,
  };
  const claims = claimsFor({ protocol, address, port }, situation);
  const outInterface = (to: Address): string => outInterfaceTo(to, claims, situation);
  const fates = fatesOf(program, packet, { ...facts, outInterface });
  return { situation, packet, asker, claims: winnerFirst(claims, fates), fates };
}

/** Of services that claim the same address and port the one whose endpoints are reached; else in their order. */
function winnerFirst(claims: readonly Claim[], fates: readonly Fate[]): readonly Claim[] {
  const wins = ({ route }: Claim): boolean =>
    fates.some(
      ({ outcome }) =>
        outcome.kind === 'delivered' &&
        route.endpoints.reachable.some(
          ({ address, port }) => address === outcome.address && port === outcome.port,
        ),
    );
  return claims.length < 2 ? claims : claims.toSorted((a, b) => Number(wins(b)) - Number(wins(a)));
}

/** Names of interfaces are guessed, as those by which packets come in are: only rules of others ask. */
const OUTER = 'eth0';
const TO_PODS = 'pod0';

function outInterfaceTo(address: Address, claims: readonly Claim[], { view, facts }: Situation): string {
  if (isLocal(facts, address)) return 'lo';
  const { localPods } = view;
  const podInterface = localPods.kind === 'interface' ? localPods.name.replace(/\+$/, '0') : TO_PODS;
  const isHere = claims.some(({ route }) =>
    route.endpoints.reachable.some((endpoint) => endpoint.local && endpoint.address === address),
  );
  return isHere ? podInterface : OUTER;
}

/** Whether another program's rule on the way might have asked for an interface, whose names were guessed. */
export function isGuessed({ situation, fates }: Trip): boolean {
  const met = new Set(fates.flatMap(({ path }) => path.map(({ table, chain }) => `${table} ${chain}`)));
  return [...situation.program.tables.values()].some(({ name, chains }) =>
    [...chains.values()].some(
      (chain) =>
        !isOurChain(chain.name) &&
        met.has(`${name} ${chain.name}`) &&
        chain.rules.some(({ rule: { inInterface, outInterface } }) =>
          [inInterface, outInterface].some((asked) => asked !== undefined && asked.value !== 'lo'),
        ),
    ),
  );
}
