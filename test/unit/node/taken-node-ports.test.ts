import { describe, expect, it } from 'vitest';
import { parseAddress, type Address } from '../../../src/net/address.ts';
import type { Listener } from '../../../src/model/listener.ts';
import { answeringAddresses, describeTaken, takenNodePorts } from '../../../src/node/taken-node-ports.ts';

function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`no address: ${text}`);
  return parsed;
}

const listener = (at: string, port: number, protocol: Listener['protocol'] = 'tcp'): Listener => ({
  protocol,
  address: address(at),
  port,
  owner: undefined,
});
const route = (
  family: 'ipv4' | 'ipv6',
  nodePort: number | undefined = 30080,
  protocol: Listener['protocol'] = 'tcp',
) => ({
  family,
  protocol,
  nodePort,
  label: 'default/web:http',
});
const NODE = ['192.168.77.10', 'fd00:77::10'].map(address);

describe('a node port is taken', () => {
  it.each([
    ['IPv4 by a wildcard', 'ipv4', '0.0.0.0', 'sure'],
    ['IPv4 by the node’s address', 'ipv4', '192.168.77.10', 'sure'],
    ['IPv4 perhaps by the wildcard of IPv6', 'ipv4', '::', 'may'],
    ['IPv6 by its wildcard', 'ipv6', '::', 'sure'],
    ['IPv6 not by IPv4', 'ipv6', '0.0.0.0', undefined],
    ['not by an address where node ports do not answer', 'ipv4', '10.0.0.1', undefined],
    ['not on loopback, where node ports do not answer there', 'ipv4', '127.0.0.1', undefined],
  ] as const)('%s', (_, family, at, certainty) => {
    const [taken] = takenNodePorts([route(family)], [listener(at, 30080)], NODE);
    expect(taken?.certainty).toBe(certainty);
  });

  it.each([
    ['another port', route('ipv4', 30081), NODE],
    ['another protocol', route('ipv4', 30080, 'udp'), NODE],
    ['a service without node port', { ...route('ipv4'), nodePort: undefined }, NODE],
    ['a node without addresses of the family', route('ipv4'), [address('fd00:77::10')]],
  ])('not with %s', (_, of, addresses) => {
    expect(takenNodePorts([of], [listener('0.0.0.0', 30080)], addresses)).toEqual([]);
  });

  it('surely by one socket, and not perhaps by that for the other family', () => {
    const both = [listener('0.0.0.0', 30080), listener('::', 30080)];
    expect(
      takenNodePorts([route('ipv4'), route('ipv6')], both, NODE).map((taken) => [
        taken.family,
        taken.listener.address,
        taken.certainty,
      ]),
    ).toEqual([
      ['ipv4', '0.0.0.0', 'sure'],
      ['ipv6', '::', 'sure'],
    ]);
  });

  it('is told in a sentence', () => {
    const owner = { pid: 812, command: 'nginx' };
    const sentences = [{ ...listener('0.0.0.0', 30080), owner }, listener('::', 30080)].map((one) =>
      takenNodePorts([route('ipv4')], [one], NODE).map(describeTaken),
    );
    expect(sentences).toEqual([
      [
        'node port 30080/tcp of default/web:http gets what is meant for nginx (process 812), which listens on 0.0.0.0:30080',
      ],
      [
        'node port 30080/tcp of default/web:http may get what is meant for another process, which listens on [::]:30080',
      ],
    ]);
  });
});

describe('where node ports answer', () => {
  const interfaces = [...NODE, ...['127.0.0.1', '::1', '10.0.0.1'].map(address)];

  it.each([
    ['ipv4', true, ['192.168.77.10', '127.0.0.1', '10.0.0.1']],
    ['ipv4', false, ['192.168.77.10', '10.0.0.1']],
    ['ipv6', false, ['fd00:77::10']],
  ] as const)('%s, loopback %s', (family, loopback, expected) => {
    const nodePorts = { kind: 'anyLocalAddress', loopback } as const;
    expect(answeringAddresses({ family, nodePorts }, interfaces)).toEqual(expected);
  });

  it('is said by nodePortAddresses', () => {
    const nodePorts = { kind: 'addresses', addresses: NODE } as const;
    expect(answeringAddresses({ family: 'ipv4', nodePorts }, interfaces)).toEqual(NODE);
  });
});
