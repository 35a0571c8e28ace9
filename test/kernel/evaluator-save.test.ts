import { describe, expect, it } from 'vitest';
import { programOfSave } from '../../src/inspect/program.ts';
import { backendOf, type BackendKind } from '../../src/iptables/backend.ts';
import type { Family } from '../../src/net/address.ts';
import { contentOf } from '../support/program-content.ts';
import { feed, makeNamespace, output } from './namespace.ts';

/* What the kernel gives back of rules that others write is read as what they meant. */

/** Of kube-proxy since 1.18, the kubelet, and programs that stand beside them. */
const IPV4 = `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:CNI-ISOLATION - [0:0]
:DOCKER-USER - [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
-A INPUT -j KUBE-FIREWALL
-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A INPUT ! -p tcp -j LOG --log-prefix "say \\"no\\": "
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -i docker0 ! -o docker0 -g CNI-ISOLATION
-A FORWARD -o cni+ -j DOCKER-USER
-A CNI-ISOLATION -m mark --mark 0x10/0xff -j RETURN
-A CNI-ISOLATION -m mark ! --mark 0x1 -m limit --limit 5/min -j DROP
-A CNI-ISOLATION -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu
-A DOCKER-USER -p tcp -m multiport --dports 22,8000:8080 -j REJECT --reject-with tcp-reset
-A DOCKER-USER -p tcp -m multiport ! --sports 53 -j ACCEPT
-A DOCKER-USER -p udp -m udp --sport 1024:65535 ! --dport 53 -j ACCEPT
-A DOCKER-USER -s 10.0.0.0/255.0.0.255 -m comment --comment "-j DROP" -j ACCEPT
-A DOCKER-USER
-A KUBE-FIREWALL -m comment --comment "kubernetes firewall for dropping marked packets" -m mark --mark 0x8000/0x8000 -j DROP
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -s 10.244.0.0/16 -m comment --comment "kubernetes forwarding conntrack pod source rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-MARK-DROP - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SEP-AAAAAAAAAAAAAAAA - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
-A KUBE-SEP-AAAAAAAAAAAAAAAA -s 10.244.1.10/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
-A KUBE-SEP-AAAAAAAAAAAAAAAA -p tcp -m comment --comment "default/web:http" -m recent --set --name KUBE-SEP-AAAAAAAAAAAAAAAA --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.244.1.10:8080
-A KUBE-SERVICES -d 198.51.100.7/32 -p tcp -m comment --comment "default/web:http external IP" -m tcp --dport 80 -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j KUBE-SVC-AAAAAAAAAAAAAAAA
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-SVC-AAAAAAAAAAAAAAAA
-A KUBE-SVC-AAAAAAAAAAAAAAAA -m comment --comment "default/web:http" -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-AAAAAAAAAAAAAAAA --mask 255.255.255.255 --rsource -j KUBE-SEP-AAAAAAAAAAAAAAAA
-A KUBE-SVC-AAAAAAAAAAAAAAAA -m comment --comment "default/web:http" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-AAAAAAAAAAAAAAAA
-A KUBE-SVC-AAAAAAAAAAAAAAAA -m statistic --mode nth --every 3 --packet 0 -j KUBE-SEP-AAAAAAAAAAAAAAAA
-A KUBE-SVC-AAAAAAAAAAAAAAAA -p tcp -m tcp --dport 30000:30127 -j DNAT --to-destination 10.244.1.10
-A KUBE-SVC-AAAAAAAAAAAAAAAA -p tcp -j DNAT --to-destination 10.244.1.10-10.244.1.20:80 --random --persistent
COMMIT
`;

const IPV6 = `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-SEP-AAAAAAAAAAAAAAAA - [0:0]
-A PREROUTING ! -s fd00:10:244::/48 -d fd00:10:96::10/128 -p udp -m udp --dport 53 -j KUBE-SEP-AAAAAAAAAAAAAAAA
-A PREROUTING -p ipv6-icmp -j ACCEPT
-A KUBE-SEP-AAAAAAAAAAAAAAAA -m recent --rcheck --seconds 60 --reap --name L --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource -j ACCEPT
-A KUBE-SEP-AAAAAAAAAAAAAAAA -p udp -m udp -j DNAT --to-destination [fd00:10:244:1::14]:53
COMMIT
`;

describe.each<BackendKind>(['nft', 'legacy'])('rules of others, kept by %s', (kind) => {
  it.each<[Family, string]>([
    ['ipv4', IPV4],
    ['ipv6', IPV6],
  ])('are read as they were written, %s', async (family, text) => {
    await using namespace = await makeNamespace();
    const { restore, save } = backendOf(kind, family);
    await feed(namespace, text, ...restore);
    const written = contentOf(programOfSave(text.split('\n'), family));
    for (const counters of [[], ['-c']]) {
      const tables = await Promise.all(
        written.map(({ name }) => output(namespace, ...save, ...counters, '-t', name)),
      );
      expect(contentOf(programOfSave(tables.join('\n').split('\n'), family))).toEqual(written);
    }
  });
});
