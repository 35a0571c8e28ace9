import { expect, it } from 'vitest';
import { readConfig } from '../../../src/config/load.ts';
import type { Address } from '../../../src/net/address.ts';
import { nodeView } from '../../../src/routing/node-view.ts';
import { clusterRoutes } from '../../../src/routing/routes.ts';
import { CAPTURE_HOST } from '../../support/cases.ts';
import { plainService } from '../../support/plain-objects.ts';

const service = plainService({
  name: 'web',
  clusterIPs: ['10.96.0.1' as Address],
  ports: [{ name: '', protocol: 'tcp', port: 80, nodePort: undefined }],
  externalIPs: ['198.51.100.1' as Address],
});

/** The external IPs that a node answers. */
function answered(flags: Readonly<Record<string, readonly string[]>>): readonly string[] {
  const { settings } = readConfig({ flags });
  const view = nodeView('ipv4', settings, { name: 'node-a', node: undefined }, CAPTURE_HOST);
  const [routes] = clusterRoutes({ services: [service], slices: [], nodes: [] }, view);
  return routes?.routes[0]?.externalIPs ?? [];
}

it('answers external IPs, unless the gate for them is closed', () => {
  expect(answered({})).toEqual(['198.51.100.1']);
  expect(answered({ 'feature-gates': ['AllowServiceExternalIPs=true'] })).toEqual(['198.51.100.1']);
  expect(answered({ 'feature-gates': ['AllowServiceExternalIPs=false'] })).toEqual([]);
});
