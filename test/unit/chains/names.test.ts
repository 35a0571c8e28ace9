import { describe, expect, it } from 'vitest';
import {
  chainName,
  endpointChainName,
  isServiceChain,
  isTreeChain,
  olderLabel,
  serviceChainName,
  treeChainName,
  treeKindOf,
} from '../../../src/chains/names.ts';

describe('chain names', () => {
  it("are kube-proxy 1.36's", () => {
    expect(serviceChainName('SVC', 'default/kubernetes:https', 'tcp')).toBe('KUBE-SVC-NPX46M4PTMTKRN6Y');
    expect(serviceChainName('EXT', 'default/webapp1-nodeport-svc', 'tcp')).toBe('KUBE-EXT-X42AMYO3K4UIBY54');
    expect(endpointChainName('default/webapp1-nodeport-svc', 'tcp', '10.32.0.3:80')).toBe(
      'KUBE-SEP-2TLLNKO2PCM76THV',
    );
  });

  it('by the older key are those that documents print', () => {
    const label = olderLabel('default/webapp1-nodeport-svc');
    expect(serviceChainName('SVC', label, 'tcp')).toBe('KUBE-SVC-J2DWGRZTH4C2LPA4');
    expect(endpointChainName(label, 'tcp', '10.32.0.3:80')).toBe('KUBE-SEP-YLXG4RMKAICGY2B3');
    expect(olderLabel('default/kubernetes:https')).toBe('default/kubernetes:https');
  });

  it('refuse what iptables would refuse', () => {
    for (const text of ['', 'kube', 'A'.repeat(29), 'KUBE SVC', '-KUBE'])
      expect(() => chainName(text)).toThrow(TypeError);
  });

  it('tell chains of services from those that every node has', () => {
    expect(['KUBE-SEP-A', 'KUBE-FW-A', 'KUBE-SVL-A'].every(isServiceChain)).toBe(true);
    expect(['KUBE-SERVICES', 'KUBE-FIREWALL', 'KUBE-FORWARD', 'MY-KUBE-SVC-A'].some(isServiceChain)).toBe(
      false,
    );
  });

  it('of trees say what is under them, where that fits', () => {
    expect(treeChainName('IP', '255.255.255.255/32')).toBe('KUBE-IP-255-255-255-255-32');
    expect(treeChainName('NP', 'T-30000-30127')).toBe('KUBE-NP-T-30000-30127');
    expect(treeChainName('RE', 'fd00:10:96::40/122')).toBe('KUBE-RE-FD00-10-96--40-122');
    expect(treeChainName('IP', '2001:db8:1:2:3:4:5:0/112')).toMatch(/^KUBE-IP-[A-Z2-7]{16}$/);
    expect(treeChainName('IP', '10.96.0.10/32-T-8080-8095')).toMatch(/^KUBE-IP-[A-Z2-7]{16}$/);
  });

  it('tell chains of trees from those of other programs', () => {
    const parts = [
      '10.96.0.0/20',
      '::/1',
      'fd00:10:96::40/122',
      'S-0-65535',
      '1.1.1.1/32-T-0-7',
      '10.96.0.10/32-T-8080-8095',
    ];
    for (const part of parts) {
      const name = treeChainName('RE', part);
      expect(treeKindOf(name), name).toBe('RE');
      expect(isServiceChain(name), name).toBe(true);
    }
    const others = [
      'KUBE-LB',
      'KUBE-LOAD-BALANCER',
      'KUBE-IP-MASQ',
      'KUBE-NP-GUARD',
      'KUBE-IPVS-FILTER',
      'IP-1-2-3-4-5',
    ];
    expect(others.filter(isTreeChain)).toEqual([]);
  });
});
