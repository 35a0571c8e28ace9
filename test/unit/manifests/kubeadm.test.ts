import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { deployed, MANIFESTS } from './deployed.ts';
import { problemsOf } from './json-schema.ts';
import { modelSchema } from './kubernetes-schemas.ts';
import { mergePatch, type Fields } from './strategic-merge.ts';

const patch = (file: string): Fields =>
  parse(readFileSync(`${MANIFESTS}/overlays/${file}`, 'utf8')) as Fields;
const OFF = patch('kubeadm/kube-proxy-off.yaml');
const ON = patch('kubeadm/kube-proxy-on.yaml');
const ELSEWHERE = patch('kubeadm-by-node/kube-proxy-elsewhere.yaml');

/** As much of kubeadm's kube-proxy as decides where it runs. */
const KUBE_PROXY: Fields = {
  spec: {
    selector: { matchLabels: { 'k8s-app': 'kube-proxy' } },
    template: {
      metadata: { labels: { 'k8s-app': 'kube-proxy' } },
      spec: { containers: [{ name: 'kube-proxy' }], nodeSelector: { 'kubernetes.io/os': 'linux' } },
    },
  },
};

describe('in place of kube-proxy', () => {
  const { objects, pod } = deployed('overlays/kubeadm');

  test('its own ConfigMap is used as it is, and none of ours is left', () => {
    expect(pod.volumes?.find(({ name }) => name === 'config')?.configMap).toEqual({ name: 'kube-proxy' });
    expect(objects.map(({ kind }) => kind)).not.toContain('ConfigMap');
  });

  test('the two are never on one node', () => {
    expect(pod.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution).toEqual([
      {
        topologyKey: 'kubernetes.io/hostname',
        labelSelector: { matchLabels: { 'k8s-app': 'kube-proxy' } },
      },
    ]);
  });

  test('rights and probes are those of the base', () => {
    const base = deployed('base');
    const { chainwright, prepareNode } = deployed('overlays/kubeadm');
    expect(chainwright.securityContext).toEqual(base.chainwright.securityContext);
    expect(prepareNode.securityContext).toEqual(base.prepareNode.securityContext);
    expect(chainwright.livenessProbe).toEqual(base.chainwright.livenessProbe);
    expect(chainwright.resources).toEqual(base.chainwright.resources);
  });
});

describe("the patches for kube-proxy's DaemonSet", () => {
  test('switch it off, and on again to what it was', () => {
    const off = mergePatch(KUBE_PROXY, OFF);
    expect(off).toMatchObject({
      spec: { template: { spec: { nodeSelector: { 'chainwright/kube-proxy': 'none' } } } },
    });
    expect(mergePatch(off, ON)).toEqual(KUBE_PROXY);
  });

  test('keep it off the nodes that chainwright has', () => {
    const { nodeSelector = {} } = deployed('overlays/kubeadm-by-node').pod;
    const [label, value] =
      Object.entries(nodeSelector).find(([name]) => name.startsWith('chainwright/')) ?? [];
    expect(ELSEWHERE).toMatchObject({
      spec: {
        template: {
          spec: {
            affinity: {
              nodeAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: {
                  nodeSelectorTerms: [
                    { matchExpressions: [{ key: label, operator: 'NotIn', values: [value] }] },
                  ],
                },
              },
            },
          },
        },
      },
    });
  });

  test.each([
    ['off', mergePatch(KUBE_PROXY, OFF)],
    ['on', mergePatch(KUBE_PROXY, ON)],
    ['elsewhere', mergePatch(KUBE_PROXY, ELSEWHERE)],
  ])('make nothing of it that the API does not know: %s', (_, { spec }) => {
    expect(problemsOf(spec, modelSchema('V1DaemonSetSpec'), modelSchema)).toEqual([]);
  });
});
