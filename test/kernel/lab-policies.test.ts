import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackendKind } from '../../src/iptables/backend.ts';
import { startLab, type Lab } from '../../src/lab/lab.ts';
import { places, sources } from './lab/outcomes.ts';
import { CLIENT_V4, CLIENT_V6, NODE_V4, NODE_V6, sceneOf, type ServiceSpec } from './lab/scenes.ts';

const web: ServiceSpec = {
  name: 'web',
  spec: { type: 'NodePort', clusterIP: '10.96.0.10', ports: [{ port: 80, nodePort: 30080 }] },
  here: ['10.244.1.10'],
  there: ['10.244.2.10'],
};
const local: ServiceSpec = {
  name: 'local',
  spec: {
    type: 'NodePort',
    externalTrafficPolicy: 'Local',
    clusterIP: '10.96.0.11',
    ports: [{ port: 80, nodePort: 30081 }],
  },
  here: ['10.244.1.11'],
  there: ['10.244.2.11'],
};
const elsewhere: ServiceSpec = {
  name: 'elsewhere',
  spec: {
    type: 'NodePort',
    externalTrafficPolicy: 'Local',
    internalTrafficPolicy: 'Local',
    clusterIP: '10.96.0.12',
    ports: [{ port: 80, nodePort: 30082 }],
  },
  there: ['10.244.2.12'],
};
const empty: ServiceSpec = {
  name: 'empty',
  spec: {
    type: 'NodePort',
    clusterIP: '10.96.0.13',
    clusterIPs: ['10.96.0.13', 'fd00:10:96::13'],
    ports: [
      { name: 'tcp', port: 80, nodePort: 30083 },
      { name: 'udp', port: 80, nodePort: 30083, protocol: 'UDP' },
    ],
  },
};
const names: ServiceSpec = {
  name: 'names',
  spec: {
    type: 'NodePort',
    clusterIP: '10.96.0.14',
    clusterIPs: ['10.96.0.14', 'fd00:10:96::14'],
    ports: [
      { name: 'dns', port: 53, nodePort: 30053, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, nodePort: 30053 },
    ],
  },
  here: ['10.244.1.14', 'fd00:10:244:1::14'],
  there: ['10.244.2.14', 'fd00:10:244:2::14'],
};
const alone: ServiceSpec = {
  name: 'alone',
  spec: { clusterIP: '10.96.0.15', clusterIPs: ['10.96.0.15', 'fd00:10:96::15'], ports: [{ port: 80 }] },
  here: ['10.244.1.15', 'fd00:10:244:1::15'],
};
const gate: ServiceSpec = {
  name: 'gate',
  spec: {
    type: 'LoadBalancer',
    loadBalancerSourceRanges: ['203.0.113.0/24'],
    clusterIP: '10.96.0.16',
    ports: [{ port: 443, nodePort: 30443 }],
  },
  loadBalancerIP: '198.51.100.50',
  here: ['10.244.1.16'],
};
const SCENE = sceneOf([web, local, elsewhere, empty, names, alone, gate]);

describe.each<BackendKind>(['nft', 'legacy'])('real packets, rules in %s', (backend) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab(SCENE, { backend });
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  it('a node port of policy Cluster reaches pods of all nodes, who see the address of the node', async () => {
    const outcomes = await lab.request({ from: 'outside', to: { address: NODE_V4, port: 30080 }, count: 40 });
    expect(places(outcomes)).toEqual(['10.244.1.10:8080', '10.244.2.10:8080']);
    expect(sources(outcomes)).toEqual([NODE_V4]);
  });

  it('a node port of policy Local reaches pods of the node, who see the address of the client', async () => {
    const outcomes = await lab.request({ from: 'outside', to: { address: NODE_V4, port: 30081 }, count: 20 });
    expect(places(outcomes)).toEqual(['10.244.1.11:8080']);
    expect(sources(outcomes)).toEqual([CLIENT_V4]);
  });

  it('policy Local does not bind the pods and the node itself', async () => {
    const to = { address: NODE_V4, port: 30081 };
    const fromPod = await lab.request({ from: 'pod:10.244.1.10', to, count: 40 });
    expect(places(fromPod)).toEqual(['10.244.1.11:8080', '10.244.2.11:8080']);
    expect(sources(fromPod)).toEqual(['10.244.1.10']);
    const fromNode = await lab.request({ from: 'node', to, count: 40 });
    expect(places(fromNode)).toEqual(['10.244.1.11:8080', '10.244.2.11:8080']);
    expect(sources(fromNode)).toEqual([NODE_V4]);
  });

  it('policy Local without a pod on the node makes requests hang', async () => {
    const outside = { from: 'outside', count: 3, timeout: 1_500 } as const;
    const toNodePort = await lab.request({ ...outside, to: { address: NODE_V4, port: 30082 } });
    expect(places(toNodePort)).toEqual(['timeout']);
    const to = { address: '10.96.0.12', port: 80 };
    const toClusterIP = await lab.request({ from: 'pod:10.244.1.10', to, count: 3, timeout: 1_500 });
    expect(places(toClusterIP)).toEqual(['timeout']);
  });

  it.each(['tcp', 'udp'] as const)('a service without any endpoint refuses %s at once', async (protocol) => {
    const asked = [
      { from: 'outside', to: { address: NODE_V4, port: 30083, protocol } },
      { from: 'node', to: { address: '10.96.0.13', port: 80, protocol } },
      { from: 'pod:10.244.1.10', to: { address: '10.96.0.13', port: 80, protocol } },
    ] as const;
    for (const request of asked) {
      const outcomes = await lab.request({ ...request, count: 10, timeout: 900 });
      const way = `${request.from} to ${request.to.address}`;
      if (protocol === 'tcp') {
        expect(places(outcomes), way).toEqual(['refused']);
        continue;
      }
      // A datagram is sent once, and the kernel promises nobody its ICMP error; a drop would lose all ten.
      const refused = outcomes.filter((outcome) => places([outcome])[0] === 'refused');
      expect(refused.length, way).toBeGreaterThanOrEqual(8);
      expect(
        places(outcomes).every((place) => place === 'refused' || place === 'timeout'),
        way,
      ).toBe(true);
    }
  });

  it('a service without any endpoint refuses in IPv6, by the second packet at the latest', async () => {
    for (const protocol of ['tcp', 'udp'] as const) {
      const toNodePort = { address: NODE_V6, port: 30083, protocol };
      const outside = await lab.request({ from: 'outside', to: toNodePort, count: 5 });
      expect(places(outside)).toEqual(['refused']);
      const toClusterIP = { address: 'fd00:10:96::13', port: 80, protocol };
      expect(places(await lab.request({ from: 'node', to: toClusterIP, count: 5 }))).toEqual(['refused']);
    }
  });

  it('a pod reaches itself through its service', async () => {
    const ipv4 = await lab.request({
      from: 'pod:10.244.1.15',
      to: { address: '10.96.0.15', port: 80 },
      count: 5,
    });
    expect(places(ipv4)).toEqual(['10.244.1.15:8080']);
    expect(sources(ipv4)).toEqual([NODE_V4]);
    const to = { address: 'fd00:10:96::15', port: 80 };
    const ipv6 = await lab.request({ from: 'pod:fd00:10:244:1::15', to, count: 5 });
    expect(places(ipv6)).toEqual(['[fd00:10:244:1::15]:8080']);
    expect(sources(ipv6)).toEqual([NODE_V6]);
  });

  it('a pod that reaches another through a cluster IP keeps its address', async () => {
    const to = { address: '10.96.0.10', port: 80 };
    const outcomes = await lab.request({ from: 'pod:10.244.1.15', to, count: 40 });
    expect(places(outcomes)).toEqual(['10.244.1.10:8080', '10.244.2.10:8080']);
    expect(sources(outcomes)).toEqual(['10.244.1.15']);
  });

  it('a cluster IP masquerades who is no pod', async () => {
    const outcomes = await lab.request({
      from: 'outside',
      to: { address: '10.96.0.10', port: 80 },
      count: 40,
    });
    expect(places(outcomes)).toEqual(['10.244.1.10:8080', '10.244.2.10:8080']);
    expect(sources(outcomes)).toEqual([NODE_V4]);
  });

  it('an IPv4 node port answers on 127.0.0.1 of the node', async () => {
    for (const port of [30080, 30081]) {
      const outcomes = await lab.request({ from: 'node', to: { address: '127.0.0.1', port }, count: 40 });
      expect(places(outcomes)).toHaveLength(2);
      expect(sources(outcomes)).toEqual([NODE_V4]);
    }
  });

  it('an IPv6 node port answers on the address of the node, and not on ::1', async () => {
    const to = { address: NODE_V6, port: 30053 };
    const outside = await lab.request({ from: 'outside', to, count: 40 });
    expect(places(outside)).toEqual(['[fd00:10:244:1::14]:8080', '[fd00:10:244:2::14]:8080']);
    expect(sources(outside)).toEqual([NODE_V6]);
    const loopback = await lab.request({ from: 'node', to: { address: '::1', port: 30053 } });
    expect(places(loopback)).toEqual(['refused']);
  });

  it('a UDP node port answers, in both families', async () => {
    for (const address of [NODE_V4, NODE_V6]) {
      const to = { address, port: 30053, protocol: 'udp' } as const;
      const outcomes = await lab.request({ from: 'outside', to, count: 40 });
      expect(places(outcomes)).toHaveLength(2);
      expect(sources(outcomes)).toEqual([address]);
    }
  });

  it('source ranges of a load balancer let in who is inside, and drop others', async () => {
    const to = { address: '198.51.100.50', port: 443 };
    const inside = await lab.request({ from: 'outside:203.0.113.7', to, count: 5 });
    expect(places(inside)).toEqual(['10.244.1.16:8080']);
    const outside = await lab.request({ from: `outside:${CLIENT_V4}`, to, count: 3, timeout: 1_500 });
    expect(places(outside)).toEqual(['timeout']);
  });

  it('new rules take the place of the old ones', async () => {
    const here = { address: NODE_V4, port: 30080 };
    await lab.apply(sceneOf([{ ...web, here: [] }]));
    expect(places(await lab.request({ from: 'outside', to: here, count: 20 }))).toEqual(['10.244.2.10:8080']);
    const gone = { address: NODE_V4, port: 30081 };
    expect(places(await lab.request({ from: 'outside', to: gone, count: 3 }))).toEqual(['refused']);
    await lab.apply(SCENE);
    expect(places(await lab.request({ from: 'outside', to: here, count: 40 }))).toHaveLength(2);
  });
});

describe('a lab', () => {
  it('knows the client by the addresses that these tests expect', async () => {
    await using lab = await startLab(sceneOf([web]));
    expect(lab.topology.client.addresses).toEqual([CLIENT_V4, CLIENT_V6]);
  });

  it('refuses a scene with endpoints that it was not built with', async () => {
    await using lab = await startLab(sceneOf([web]));
    await expect(lab.apply(sceneOf([local]))).rejects.toThrow(
      'expected endpoints that the lab was built with, got one at 10.244.1.11',
    );
  });
});
