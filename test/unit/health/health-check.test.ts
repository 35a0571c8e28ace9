import { describe, expect, test } from 'vitest';
import { healthCheckAnswer } from '../../../src/health/health-check-answer.ts';
import { healthCheckOf } from '../../../src/health/health-check.ts';
import type { EndpointSlice, Service, SliceEndpoint } from '../../../src/model/objects.ts';
import type { Address, Family } from '../../../src/net/address.ts';
import { recorded } from '../../http/recorded.ts';

const SERVICE: Service = {
  namespace: 'default',
  name: 'hc',
  type: 'LoadBalancer',
  headless: false,
  servedByOther: false,
  clusterIPs: ['10.96.0.10' as Address],
  families: ['ipv4'],
  ports: [
    { name: 'http', protocol: 'tcp', port: 80, nodePort: 30_080 },
    { name: 'https', protocol: 'tcp', port: 443, nodePort: 30_443 },
  ],
  externalIPs: [],
  loadBalancerVIPs: [],
  loadBalancerSourceRanges: [],
  affinitySeconds: undefined,
  externalTrafficPolicy: 'Local',
  internalTrafficPolicy: 'Cluster',
  healthCheckNodePort: 32_199,
};

function endpoint(address: string, nodeName: string, more: Partial<SliceEndpoint> = {}): SliceEndpoint {
  const state = { ready: true, serving: true, terminating: false };
  return { address: address as Address, nodeName, ...state, zoneHints: [], nodeHints: [], ...more };
}

function slice(endpoints: readonly SliceEndpoint[], family: Family = 'ipv4'): EndpointSlice {
  return {
    namespace: 'default',
    name: `hc-${family}`,
    serviceName: 'hc',
    family,
    ports: [
      { name: 'http', protocol: 'tcp', port: 8080 },
      { name: 'https', protocol: 'tcp', port: 8443 },
      { name: 'another', protocol: 'tcp', port: 9000 },
    ],
    endpoints,
    changedAt: undefined,
  };
}

const view = { family: 'ipv4', name: 'node-a' } as const;
const HERE = [endpoint('10.244.0.1', 'node-a')];

describe('the health check of a service', () => {
  test('counts the ready endpoints on this node, each once for all its ports', () => {
    const endpoints = [
      endpoint('10.244.0.1', 'node-a'),
      endpoint('10.244.0.2', 'node-a', { ready: false }),
      endpoint('10.244.0.3', 'node-a', { ready: false, terminating: true }),
      endpoint('10.244.0.4', 'node-a'),
      endpoint('10.244.1.1', 'node-b'),
    ];
    expect(healthCheckOf(SERVICE, [slice(endpoints)], view)).toEqual({
      namespace: 'default',
      name: 'hc',
      port: 32_199,
      localEndpoints: 2,
    });
  });

  test('counts endpoints whose slice has the ports of before or after the service', () => {
    const renamed = slice(HERE).ports.map((port) => ({ ...port, name: `${port.name}-2` }));
    expect(healthCheckOf(SERVICE, [{ ...slice(HERE), ports: renamed }], view)?.localEndpoints).toBe(1);
    expect(healthCheckOf(SERVICE, [{ ...slice(HERE), ports: [] }], view)?.localEndpoints).toBe(0);
  });

  test('counts endpoints of its family only', () => {
    const slices = [
      slice(HERE),
      slice([endpoint('fd00::1', 'node-a'), endpoint('fd00::2', 'node-a')], 'ipv6'),
    ];
    expect(healthCheckOf(SERVICE, slices, view)?.localEndpoints).toBe(1);
    const dualStack: Service = { ...SERVICE, clusterIPs: [...SERVICE.clusterIPs, 'fd00:96::10' as Address] };
    expect(healthCheckOf(dualStack, slices, { ...view, family: 'ipv6' })?.localEndpoints).toBe(2);
  });

  test('is there without endpoints', () => {
    expect(healthCheckOf(SERVICE, [], view)?.localEndpoints).toBe(0);
  });

  test.each([
    ['without a port for it', { healthCheckNodePort: undefined }],
    ['of policy Cluster', { externalTrafficPolicy: 'Cluster' }],
    ['of type NodePort', { type: 'NodePort' }],
    ['that another proxy serves', { servedByOther: true }],
    ['of the other family', { clusterIPs: ['fd00:96::10' as Address] }],
  ] satisfies readonly [string, Partial<Service>][])('is not there for a service %s', (_what, change) => {
    expect(healthCheckOf({ ...SERVICE, ...change }, [slice(HERE)], view)).toBeUndefined();
  });
});

describe('kube-proxy answered', () => {
  test.each([
    ['health-check-node-port', 1],
    ['health-check-node-port-none-local', 0],
  ])('%s, and so do we', (name, localEndpoints) => {
    const answer = healthCheckAnswer({ namespace: 'default', name: 'hc' }, localEndpoints, true);
    const { status, headers, body } = recorded(name);
    expect(answer.status).toBe(status);
    expect(answer.body).toBe(body);
    const { Date: date, 'Content-Length': length, ...others } = headers;
    expect(answer.headers).toEqual(others);
    expect([date, length]).toEqual([expect.any(String), String(answer.body.length)]);
  });
});

test('a proxy with old rules sends load balancers away, and keeps the weight', () => {
  const answer = healthCheckAnswer({ namespace: 'default', name: 'hc' }, 3, false);
  expect(answer.status).toBe(503);
  expect(answer.headers['X-Load-Balancing-Endpoint-Weight']).toBe('3');
  expect(JSON.parse(answer.body)).toEqual({
    service: { namespace: 'default', name: 'hc' },
    localEndpoints: 3,
    serviceProxyHealthy: false,
  });
});
