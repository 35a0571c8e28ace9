import { describe, expect, it } from 'vitest';
import { listeners } from '../../../src/node/listeners.ts';
import { parseInetSocket, parseSctpEndpoint } from '../../../src/node/proc-sockets.ts';
import { fakeRoot } from './fake-root.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const line = (local: string, state: string, inode: number, remote = '00000000:0000') =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100 0 0 10 0\n`;
const ANY6 = '0'.repeat(32);

describe('a line of /proc/net', () => {
  it.each([
    ['0100007F:1F90', 'LE', '127.0.0.1', 8080],
    ['7F000001:1F90', 'BE', '127.0.0.1', 8080],
    ['00000000:7530', 'LE', '0.0.0.0', 30000],
    [`${ANY6}:7530`, 'LE', '::', 30000],
    ['000000FD00000000000000000A000000:0050', 'LE', 'fd00::a', 80],
    ['0000000000000000FFFF00000100A8C0:0050', 'LE', '192.168.0.1', 80],
  ] as const)('%s in %s is %s', (local, byteOrder, address, port) => {
    const socket = parseInetSocket(line(local, '0A', 7), 'tcp', byteOrder);
    expect(socket).toEqual({ protocol: 'tcp', address, port, listening: true, inode: 7 });
  });

  it.each([
    ['tcp', '01', '0100007F:1000', false],
    ['tcp', '0A', '00000000:0000', true],
    ['udp', '07', '00000000:0000', true],
    ['udp', '01', '0100007F:0035', false],
  ] as const)('of %s in state %s with peer %s: listening is %s', (protocol, state, remote, listening) => {
    expect(parseInetSocket(line('00000000:7530', state, 7, remote), protocol)).toMatchObject({ listening });
  });

  it.each(['', HEAD, 'garbage', line('0:1', '0A', 1)])('%j is no socket', (text) => {
    expect(parseInetSocket(text, 'tcp')).toBeUndefined();
  });

  it('of SCTP may name several addresses', () => {
    const text =
      'ffff8d0c7f1b0000 ffff8d0c7f1b8000 2   10  28   36422     0 12345 192.168.77.10 fd00:77::10 ';
    expect(parseSctpEndpoint(text)).toEqual(
      ['192.168.77.10', 'fd00:77::10'].map((address) => ({
        protocol: 'sctp',
        address,
        port: 36422,
        listening: true,
        inode: 12345,
      })),
    );
    expect(parseSctpEndpoint(' ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS')).toEqual([]);
  });
});

describe('who listens', () => {
  it('is found by the sockets he holds; our own do not count', async () => {
    await using fake = await fakeRoot({
      '/proc/net/tcp':
        HEAD +
        line('00000000:7530', '0A', 100) +
        line('00000000:7531', '0A', 101) +
        line('00000000:7532', '0A', 102),
      '/proc/net/tcp6': HEAD + line(`${ANY6}:7533`, '0A', 103),
      '/proc/812/comm': 'nginx\n',
    });
    await fake.link('/proc/812/fd/3', 'socket:[100]');
    await fake.link('/proc/812/fd/4', '/dev/null');
    await fake.link('/proc/self/fd/5', 'socket:[101]');
    const asked = new Set([0x7530, 0x7531, 0x7533]);
    expect(await listeners(asked, fake.root)).toEqual([
      { protocol: 'tcp', address: '0.0.0.0', port: 0x7530, owner: { pid: 812, command: 'nginx' } },
      { protocol: 'tcp', address: '::', port: 0x7533, owner: undefined },
    ]);
    expect(await listeners(new Set(), fake.root)).toEqual([]);
  });

  it('by UDP may be one who only sends, where the port is ephemeral and not reserved', async () => {
    await using fake = await fakeRoot({
      '/proc/net/udp':
        HEAD +
        [30000, 40000, 40001]
          .map((port) => line(`00000000:${port.toString(16).toUpperCase()}`, '07', port))
          .join(''),
      '/proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
      '/proc/sys/net/ipv4/ip_local_reserved_ports': '40001\n',
    });
    const found = await listeners(new Set([30000, 40000, 40001]), fake.root);
    expect(found.map(({ port }) => port)).toEqual([30000, 40001]);
  });

  it('is nobody where /proc has nothing of it', async () => {
    await using fake = await fakeRoot();
    expect(await listeners(new Set([80]), fake.root)).toEqual([]);
  });
});
