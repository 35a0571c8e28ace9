import { describe, expect, it } from 'vitest';
import {
  chainName,
  endpointChainName,
  isServiceChain,
  olderLabel,
  serviceChainName,
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
});
