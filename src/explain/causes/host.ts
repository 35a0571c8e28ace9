import { answersNodePorts } from '../../inspect/check/oracle.ts';
import { isUnspecified, joinHostPort } from '../../net/address.ts';
import { cause, note, type Finding } from '../finding.ts';
import { portText } from '../listing.ts';
import type { Trip } from '../situation.ts';
import type { Verdict } from '../verdict.ts';

/** Rules in both of the kernel's stores: each packet has to get through both. */
export function mixedStores({ situation }: Trip, verdict: Verdict): readonly Finding[] {
  const other = situation.machine?.otherStore;
  if (other === undefined) return [];
  const ours = other === 'nft' ? 'legacy' : 'nft';
  const text = `a service proxy's rules are in both stores of the kernel, ${ours} and ${other}: packets meet both, and old ones may win`;
  const remedy = `find out which is in use, and remove the others: iptables-${other} -F, -X in nat and filter, once nobody writes there`;
  return [verdict === 'through' ? note('backendMix', text, remedy) : cause('backendMix', text, remedy)];
}

/** A process of the host listens where the service takes the traffic away. */
export function takenPort({ situation, packet, claims }: Trip): readonly Finding[] {
  const { machine, view, facts } = situation;
  const { destination, destinationPort, protocol } = packet;
  if (!claims.some(({ kind }) => kind === 'nodePort') || !answersNodePorts(view, destination, facts))
    return [];
  return (machine?.listeners ?? [])
    .filter((listener) => listener.protocol === protocol && listener.port === destinationPort)
    .filter(({ address }) => address === destination || isUnspecified(address))
    .slice(0, 1)
    .map(({ address, port, owner }) => {
      const who = owner === undefined ? 'a process of the host' : `${owner.command} (process ${owner.pid})`;
      const text = `${who} listens on ${joinHostPort(address, port)}: what comes to ${portText(port, protocol)} goes to the service and not to it`;
      return note(
        'portTaken',
        text,
        'let the process listen elsewhere, or give the service another node port',
      );
    });
}
