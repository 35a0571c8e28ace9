import { describe, expect, it } from 'vitest';
import { isLoss } from '../../../src/iptables/monitor.ts';

/* Lines as xtables-monitor 1.8.9 printed them. */

describe('a line of xtables-monitor', () => {
  it.each([
    ' EVENT: -4 -t nat -D KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
    ' EVENT: -4 -t nat -D KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
    ' EVENT: -6 -t filter -D KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
    ' EVENT: -4 -t nat -D PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    ' EVENT: -4 -t mangle -X KUBE-PROXY-CANARY',
  ])('tells of a loss: %s', (line) => {
    expect(isLoss(line)).toBe(true);
  });

  it.each([
    ' EVENT: -4 -t nat -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
    ' EVENT: -4 -t nat -D KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-NVNBRMDZQUEMCOSS',
    ' EVENT: -4 -t nat -D KUBE-SEP-5X3IZO57M4NPOEZD -s 10.128.42.247/32 -j KUBE-MARK-MASQ',
    ' EVENT: -4 -t nat -X KUBE-SEP-5X3IZO57M4NPOEZD',
    ' EVENT: -4 -t filter -D INPUT -p tcp -m tcp --dport 22 -j ACCEPT',
    ' EVENT: nft: NEW table: table nat ip flags 0 use 4 handle 2',
    'NEWGEN: GENID=3 PID=32457 NAME=iptables-nft',
  ])('tells of none: %s', (line) => {
    expect(isLoss(line)).toBe(false);
  });
});
