import { answersNodePorts } from '../../inspect/check/oracle.ts';
import type { Service, ServicePort } from '../../model/objects.ts';
import { familyOf, isLoopback } from '../../net/address.ts';
import { serviceKey } from '../../routing/routes.ts';
import { cause, type Finding } from '../finding.ts';
import { familyName, listed, portText } from '../listing.ts';
import type { Trip, Wanted } from '../situation.ts';

interface Offer {
  readonly service: Service;
  readonly port: ServicePort;
}

/** The address is the node's own, and no service is asked: why this port is no node port here. */
export function nodePortCause(trip: Trip, { cluster }: Wanted): Finding {
  const { packet, situation } = trip;
  const { destination, destinationPort, protocol } = packet;
  const offers = cluster.services.flatMap((service) =>
    service.ports.map((port): Offer => ({ service, port })),
  );
  const same = offers.filter(({ port }) => port.nodePort === destinationPort);
  const [offer] = same.filter(({ port }) => port.protocol === protocol);
  if (offer === undefined) return otherPort(trip, offers, same);
  const key = serviceKey(offer.service);
  const what = `node port ${portText(destinationPort, protocol)} of ${key}`;
  if (!offer.service.families.includes(familyOf(destination))) {
    const text = `${what} is of ${listed(offer.service.families.map(familyName))} alone, and ${destination} is of ${familyName(familyOf(destination))}`;
    return cause('wrongFamily', text, 'ask by the other family, or set spec.ipFamilyPolicy: PreferDualStack');
  }
  if (answersNodePorts(situation.view, destination, situation.facts)) {
    return cause('otherProxy', `${what} is served by another proxy`, 'ask the proxy that its label names');
  }
  return scopeCause(trip, what);
}

function scopeCause({ situation: { view }, packet: { destination } }: Trip, what: string): Finding {
  const { nodePorts } = view;
  if (isLoopback(destination) && view.family === 'ipv6') {
    return cause(
      'loopback',
      `${what} does not answer on ::1: the kernel routes nothing from there`,
      "ask by the node's own address",
    );
  }
  if (isLoopback(destination) && !view.localhostNodePorts) {
    const text = `${what} does not answer on ${destination}: localhost node ports are off, or nodePortAddresses leave loopback out`;
    return cause('loopback', text, "ask by the node's own address, or set iptables.localhostNodePorts: true");
  }
  const addresses = nodePorts.kind === 'addresses' ? nodePorts.addresses : [];
  const where =
    addresses.length === 0 ? 'cover no address of this node' : `let them answer on ${listed(addresses)} only`;
  const text = `${what} does not answer on ${destination}: nodePortAddresses ${where}`;
  return cause('nodePortAddresses', text, 'add the network of this address to nodePortAddresses');
}

function otherPort({ packet }: Trip, offers: readonly Offer[], same: readonly Offer[]): Finding {
  const { destination, destinationPort, protocol } = packet;
  const [other] = same;
  if (other !== undefined) {
    const { service, port } = other;
    const text = `node port ${destinationPort} of ${serviceKey(service)} is for ${port.protocol}, not for ${protocol}`;
    return cause('otherProtocol', text, `ask by ${port.protocol}, or add a port for ${protocol}`);
  }
  const meant = offers.filter(({ port }) => port.port === destinationPort && port.nodePort !== undefined);
  const [first] = meant;
  if (first !== undefined) {
    const nodePorts = meant.map(
      ({ service, port }) => `${serviceKey(service)} at ${portText(port.nodePort ?? 0, port.protocol)}`,
    );
    const text = `${destinationPort} is a service's port, not its node port: nodes answer for ${listed(nodePorts)}`;
    return cause('servicePortAtNode', text, `ask the node at port ${first.port.nodePort ?? 0}`);
  }
  const pending = offers.filter(
    ({ service, port }) => service.type === 'NodePort' && port.nodePort === undefined,
  );
  const hint =
    pending.length === 0
      ? ''
      : `; the node ports of ${listed(pending.map(({ service }) => serviceKey(service)))} are not given yet`;
  const text = `${portText(destinationPort, protocol)} is no node port of any service${hint}; ${destination} is the node's own, so its processes get the packet`;
  return cause('noSuchPort', text, 'chainwright ports lists the node ports');
}
