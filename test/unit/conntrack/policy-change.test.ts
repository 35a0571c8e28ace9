import { describe, expect, it } from 'vitest';
import { policyChanges } from '../../../src/conntrack/policy-change.ts';
import { route } from './building.ts';

describe('the service ports with a stricter policy', () => {
  const web = route({ label: 'default/web:http', protocol: 'tcp' });
  const strict = { ...web, externalPolicy: 'Local' } as const;

  it('are found by name and protocol', () => {
    const others = [route({ label: 'default/web:http' }), route({ label: 'default/dns' })];
    expect(policyChanges([...others, web], [strict, ...others])).toEqual([{ before: web, after: strict }]);
  });

  it('are none where nothing was before, or nothing changed', () => {
    expect(policyChanges([], [strict])).toEqual([]);
    expect(policyChanges([strict], [strict])).toEqual([]);
    expect(policyChanges([strict], [])).toEqual([]);
  });
});
