import { describe, expect, it } from 'vitest';
import { didYouMean, nearWords } from '../../../src/text/near.ts';

const FIELDS = ['clusterCIDR', 'clusterIP', 'mode', 'nodePort', 'externalTrafficPolicy'];

describe('near words', () => {
  it.each([
    ['clusterCDIR', ['clusterCIDR']],
    ['ClusterIp', ['clusterIP']],
    ['externalTrafficPolcy', ['externalTrafficPolicy']],
    ['nodeport', ['nodePort']],
    ['traffic', ['externalTrafficPolicy']],
    ['mde', ['mode']],
    ['port', ['nodePort']],
    ['selector', []],
    ['no', []],
    ['', []],
  ])('%j is near %j', (asked, near) => {
    expect(nearWords(asked, FIELDS)).toEqual(near);
  });

  it('are three at most, each once, the likeliest first', () => {
    const names = ['web/shop-a', 'web/shop-b', 'web/shop', 'web/shop', 'web/shop-c'];
    expect(nearWords('web/shpo', names)).toEqual(['web/shop']);
    expect(nearWords('web/shop-', names)).toEqual(['web/shop-a', 'web/shop-b', 'web/shop']);
  });

  it('are not looked for where the word is as long as a file', () => {
    expect(nearWords('clusterIP'.repeat(5_000_000), FIELDS)).toEqual([]);
  });

  it('are asked for', () => {
    expect(didYouMean([])).toBe('');
    expect(didYouMean(['a', 'b'])).toBe(' (did you mean a or b?)');
  });
});
