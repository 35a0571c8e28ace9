import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { BackendKind } from '../../src/iptables/backend.ts';
import { chiSquare, chiSquareCritical, ONE_IN_A_MILLION } from '../../src/lab/chi-square.ts';
import { startLab, type Lab } from '../../src/lab/lab.ts';
import { countsAt, places } from './lab/outcomes.ts';
import { NODE_V4, NODE_V6, sceneOf } from './lab/scenes.ts';

const BACKENDS: readonly BackendKind[] = ['nft', 'legacy'];
const REQUESTS = 900;

describe.each(BACKENDS)('shares, rules in %s', (backend) => {
  it('three pods get a third each, in both families', async () => {
    const hosts = [1, 2, 3];
    const scene = sceneOf([
      {
        name: 'web',
        spec: {
          type: 'NodePort',
          clusterIPs: ['10.96.0.10', 'fd00:10:96::10'],
          ports: [{ port: 80, nodePort: 30080 }],
        },
        here: hosts.flatMap((host) => [`10.244.1.${host}`, `fd00:10:244:1::${host}`]),
      },
    ]);
    await using lab = await startLab(scene, { backend });
    for (const address of [NODE_V4, NODE_V6]) {
      const outcomes = await lab.request({ from: 'outside', to: { address, port: 30080 }, count: REQUESTS });
      const endpoints = hosts.map((host) =>
        address === NODE_V4 ? `10.244.1.${host}:8080` : `[fd00:10:244:1::${host}]:8080`,
      );
      expect(places(outcomes)).toEqual(endpoints);
      const counts = countsAt(outcomes, endpoints);
      // One share of a half instead of a third would exceed this more than three times.
      const critical = chiSquareCritical(endpoints.length - 1, ONE_IN_A_MILLION);
      expect(chiSquare(counts, [1 / 3, 1 / 3, 1 / 3]), counts.join(', ')).toBeLessThan(critical);
    }
  });
});

/** Every pod asks; with as many endpoints as pods, all choosing the same twice is one in 16 million. */
const PODS = Array.from({ length: 8 }, (_, index) => `10.244.1.${index + 1}`);
const SECONDS = 3;

describe.each(BACKENDS)('session affinity, rules in %s', (backend) => {
  it('brings a client back to its pod until it has been away for the time-out', async () => {
    const scene = sceneOf([
      {
        name: 'cart',
        spec: {
          type: 'NodePort',
          sessionAffinity: 'ClientIP',
          sessionAffinityConfig: { clientIP: { timeoutSeconds: SECONDS } },
          clusterIP: '10.96.0.10',
          ports: [{ port: 80, nodePort: 30080 }],
        },
        here: PODS,
      },
    ]);
    await using lab = await startLab(scene, { backend });
    const first = await choices(lab, 8);
    expect(first.map(({ length }) => length)).toEqual(PODS.map(() => 1));
    await sleep(SECONDS * 500);
    expect(await choices(lab, 2)).toEqual(first);
    await sleep(SECONDS * 1_000 + 500);
    const later = await choices(lab, 8);
    expect(later.map(({ length }) => length)).toEqual(PODS.map(() => 1));
    expect(later).not.toEqual(first);
  });
});

/** For each pod, which endpoints answer it. */
function choices(lab: Lab, count: number): Promise<readonly (readonly string[])[]> {
  return Promise.all(
    PODS.map(async (pod) =>
      places(await lab.request({ from: `pod:${pod}`, to: { address: '10.96.0.10', port: 80 }, count })),
    ),
  );
}
