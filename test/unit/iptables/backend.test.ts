import { describe, expect, it } from 'vitest';
import { chooseBackend, type StoreContent } from '../../../src/iptables/detect-backend.ts';

const store = (kubernetesChains: number, rules: number): StoreContent => ({ kubernetesChains, rules });

describe('the store of the rules', () => {
  it.each([
    ["holds Kubernetes' chains", store(1, 0), store(0, 900), 'legacy', 'nft'],
    ["holds more of Kubernetes' chains", store(3, 0), store(40, 0), 'nft', 'legacy'],
    ['holds more rules', store(0, 3), store(0, 5), 'nft', 'legacy'],
    ['is that of the default iptables', store(0, 0), store(0, 0), 'legacy', 'legacy'],
    ['is the one there are tools for', store(0, 0), undefined, 'legacy', 'nft'],
    ['is the other one there are tools for', undefined, store(0, 0), 'nft', 'legacy'],
    ['is that of the default where neither can be read', undefined, undefined, 'nft', 'nft'],
  ] as const)('%s', (_, nft, legacy, byDefault, chosen) =>
    expect(chooseBackend(nft, legacy, byDefault)).toBe(chosen),
  );
});
