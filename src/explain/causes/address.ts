import { isLocal } from '../../inspect/facts.ts';
import type { Service } from '../../model/objects.ts';
import { familyOf, isLoopback, type Address } from '../../net/address.ts';
import { isProxied, serviceKey } from '../../routing/routes.ts';
import { cause, type Finding } from '../finding.ts';
import { familyName, listed, portText } from '../listing.ts';
import type { Trip, Wanted } from '../situation.ts';
import { nodePortCause } from './node-port.ts';

/** No service has claimed what the packet is sent to. */
export function unclaimedAddress(trip: Trip): readonly Finding[] {
  const { situation, claims, packet } = trip;
  const { wanted, facts } = situation;
  if (wanted === undefined || claims.length > 0) return [];
  const address = packet.destination;
  const owners = wanted.cluster.services.filter((service) => addressesOf(service).includes(address));
  const [owner] = owners.filter(isProxied);
  if (owner !== undefined) return [portCause(trip, owners.filter(isProxied))];
  const proxied = wanted.cluster.services.find((service) =>
    service.proxiedLoadBalancerIPs?.includes(address),
  );
  if (proxied !== undefined) return [ipModeCause(proxied, address)];
  if (owners[0] !== undefined) return [notServedCause(owners[0])];
  if (isLocal(facts, address)) return [nodePortCause(trip, wanted)];
  return [strangerCause(trip, wanted)];
}

function addressesOf({ clusterIPs, externalIPs, loadBalancerVIPs }: Service): readonly Address[] {
  return [...clusterIPs, ...externalIPs, ...loadBalancerVIPs];
}

/** Why this program has no rules for a service; undefined where it has. */
export function notServed(service: Service): Finding | undefined {
  return isProxied(service) ? undefined : notServedCause(service);
}

function notServedCause(service: Service): Finding {
  const key = serviceKey(service);
  if (service.servedByOther) {
    const text = `${key} carries the label service.kubernetes.io/service-proxy-name: another proxy serves it, and this one leaves it alone`;
    return cause('otherProxy', text, 'take the label away, or ask the proxy that it names');
  }
  if (service.type === 'ExternalName') {
    const text = `${key} is of type ExternalName: the cluster's DNS answers with another name, and no rule is made`;
    return cause('externalName', text, 'resolve its name, and look at the host that this leads to');
  }
  const text = `${key} is headless (clusterIP: None): DNS gives the addresses of its pods, and no rule is made`;
  return cause(
    'headless',
    text,
    'ask the pods themselves, at the port of the pods; or leave clusterIP out for an address',
  );
}

/** The address is a service's, the port is none of its ports. */
function portCause(
  { packet: { protocol, destination, destinationPort } }: Trip,
  owners: readonly Service[],
): Finding {
  const names = listed(owners.map(serviceKey));
  const ports = owners.flatMap((service) => service.ports);
  const offered = `its ports are ${listed(
    ports.map((port) => portText(port.port, port.protocol)),
    6,
  )}`;
  const others = ports.filter(({ port }) => port === destinationPort);
  if (others.length > 0) {
    const text = `${destination} of ${names} has port ${destinationPort} for ${listed(others.map((port) => port.protocol))}, not for ${protocol}`;
    return cause(
      'otherProtocol',
      text,
      `ask by ${listed(others.map((port) => port.protocol))}, or add the port for ${protocol}`,
    );
  }
  const asNodePort = ports.find(
    ({ nodePort, protocol: of }) => nodePort === destinationPort && of === protocol,
  );
  if (asNodePort !== undefined) {
    const text = `${destinationPort} is the node port of ${names}, which answers on addresses of nodes; at ${destination} the port is ${asNodePort.port}`;
    return cause('nodePortAtService', text, `ask ${destination} at port ${asNodePort.port}`);
  }
  const text = `${destination} is an address of ${names}, but ${portText(destinationPort, protocol)} is none of its ports: ${offered}`;
  return cause(
    'noSuchPort',
    text,
    'ask at one of its ports (port, not targetPort), or add the port to the service',
  );
}

export function ipModeCause(service: Service, address: Address): Finding {
  const text = `the load balancer gave ${serviceKey(service)} the address ${address} with ipMode: Proxy: it wants to see this traffic itself, and no rule is made`;
  return cause(
    'ipModeProxy',
    text,
    'nothing is wrong on the node: look at the load balancer, or use the cluster IP from inside',
  );
}

function strangerCause({ situation: { view }, packet }: Trip, { cluster }: Wanted): Finding {
  const { destination, destinationPort, protocol } = packet;
  const node = cluster.nodes.find(({ addresses }) => addresses.includes(destination));
  if (node !== undefined) {
    const mine = view.name === '' ? 'this node' : view.name;
    const text = `${destination} is an address of ${node.name}, not of ${mine}: its own rules decide`;
    return cause('otherNode', text, `explain it there: --hostname-override ${node.name}`);
  }
  const slice = cluster.slices.find(({ endpoints }) =>
    endpoints.some(({ address }) => address === destination),
  );
  if (slice !== undefined) {
    const text = `${destination} is a pod of ${slice.namespace}/${slice.serviceName}: it is sent there as it is, and no service has a part in it`;
    return cause(
      'podAddress',
      text,
      "ask an address of the service to see its rules; the way to pods is the network plugin's",
    );
  }
  const family = familyOf(destination);
  const text = isLoopback(destination)
    ? `${destination} is loopback, and no service answers there`
    : `no service and no node has the ${familyName(family)} address ${destination}, so that ${portText(destinationPort, protocol)} there means nothing to the rules`;
  return cause(
    'unknownAddress',
    text,
    'kubectl get services -A shows the addresses of services; a load balancer may not have given one yet',
  );
}
