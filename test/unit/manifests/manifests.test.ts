import { readFileSync } from 'node:fs';
import type { V1ClusterRoleBinding, V1ServiceAccount } from '@kubernetes/client-node';
import { describe, expect, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { deployed, KUSTOMIZATIONS, MANIFESTS } from './deployed.ts';
import { apiProblems } from './kubernetes-schemas.ts';
import { only } from './kustomize.ts';

describe.each(KUSTOMIZATIONS)('%s', (name) => {
  const { objects, daemonSet, pod, prepareNode, chainwright } = deployed(name);

  test.each(objects.map((object) => [`${object.kind} ${object.metadata.name}`, object] as const))(
    'the API knows every field of %s',
    (_, object) => {
      expect(apiProblems(object)).toEqual([]);
    },
  );

  test('its selector selects its own pods', () => {
    expect(daemonSet.spec?.template.metadata?.labels).toMatchObject(
      daemonSet.spec?.selector.matchLabels ?? {},
    );
  });

  test('every mount has its volume, and every volume is mounted', () => {
    const mounted = [prepareNode, chainwright].flatMap(({ volumeMounts = [] }) => volumeMounts);
    const volumes = (pod.volumes ?? []).map((volume) => volume.name);
    expect(new Set(mounted.map((mount) => mount.name))).toEqual(new Set(volumes));
  });

  test('both containers are the same release of the image', () => {
    expect(chainwright.image).toBe(`chainwright:${packageJson.version}`);
    expect(prepareNode.image).toBe(chainwright.image);
  });

  test('both containers read one configuration, from a folder that is mounted read-only', () => {
    const [, path] = /^--config=(.+)$/m.exec((chainwright.args ?? []).join('\n')) ?? [];
    expect(prepareNode.args).toContain(`--config=${String(path)}`);
    for (const { volumeMounts } of [prepareNode, chainwright]) {
      const mount = volumeMounts?.find((each) => path?.startsWith(`${each.mountPath}/`));
      expect(mount).toMatchObject({ name: 'config', readOnly: true });
    }
  });

  test('both containers know the node by the name that the cluster has for it', () => {
    for (const { args, env } of [prepareNode, chainwright]) {
      expect(args).toContain('--hostname-override=$(NODE_NAME)');
      const nodeName = env?.find((each) => each.name === 'NODE_NAME');
      expect(nodeName?.valueFrom?.fieldRef?.fieldPath).toBe('spec.nodeName');
    }
  });

  test('it is on every Linux node, and is the last to go', () => {
    expect(pod.hostNetwork).toBe(true);
    expect(pod.priorityClassName).toBe('system-node-critical');
    expect(pod.tolerations).toEqual([{ operator: 'Exists' }]);
    expect(pod.nodeSelector).toMatchObject({ 'kubernetes.io/os': 'linux' });
  });

  test('it finds the API server without the cluster IPs and names that it has yet to serve', () => {
    expect(pod.dnsPolicy).toBe('Default');
  });
});

describe('least privilege', () => {
  const { objects, pod, prepareNode, chainwright } = deployed('base');

  test('the container that stays has two capabilities and cannot gain any', () => {
    expect(chainwright.securityContext).toMatchObject({
      privileged: false,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] },
    });
    expect(chainwright.securityContext?.procMount).toBeUndefined();
  });

  test('of the host it can write nothing, and lock the xtables lock', () => {
    expect((chainwright.volumeMounts ?? []).filter(({ readOnly }) => readOnly !== true)).toEqual([]);
    const mount = chainwright.volumeMounts?.find(({ name }) => name === 'xtables-lock');
    expect(mount?.mountPath).toBe('/run/xtables.lock');
    const lock = pod.volumes?.find((volume) => volume.name === 'xtables-lock');
    expect(lock?.hostPath).toEqual({ path: '/run/xtables.lock', type: 'FileOrCreate' });
  });

  test('what is privileged ends before it starts', () => {
    expect(prepareNode.args).toContain('--init-only');
    expect(prepareNode.restartPolicy).toBeUndefined();
    expect((prepareNode.volumeMounts ?? []).every(({ readOnly }) => readOnly === true)).toBe(true);
  });

  test('system calls are those that the runtime allows by default', () => {
    expect(pod.securityContext?.seccompProfile).toEqual({ type: 'RuntimeDefault' });
    expect(chainwright.securityContext?.seccompProfile).toBeUndefined();
  });

  test('it sees the network of the host, not its processes', () => {
    expect(pod.hostPID ?? false).toBe(false);
    expect(pod.hostIPC ?? false).toBe(false);
  });

  test('its account has its own role, and no other', () => {
    const account = only(objects, 'ServiceAccount') as unknown as V1ServiceAccount;
    const binding = only(objects, 'ClusterRoleBinding') as unknown as V1ClusterRoleBinding;
    expect(pod.serviceAccountName).toBe(account.metadata?.name);
    expect(binding.roleRef).toEqual({
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: only(objects, 'ClusterRole').metadata.name,
    });
    expect(binding.subjects).toEqual([
      { kind: 'ServiceAccount', name: account.metadata?.name, namespace: account.metadata?.namespace },
    ]);
    const kinds = objects.map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['ClusterRole', 'ClusterRoleBinding', 'ConfigMap', 'DaemonSet', 'ServiceAccount']);
  });
});

describe('availability', () => {
  const { daemonSet, pod, chainwright } = deployed('base');

  test('no probe asks /healthz, which a node that is about to be deleted fails', () => {
    expect(chainwright.livenessProbe?.httpGet?.path).toBe('/livez');
    expect(chainwright.readinessProbe?.httpGet?.path).toBe('/livez');
    expect(chainwright.startupProbe).toBeUndefined();
  });

  test('it asks for what was measured, and is never limited', () => {
    expect(chainwright.resources).toEqual({ requests: { cpu: '50m', memory: '96Mi' } });
  });

  test('nodes are updated a tenth at a time, never two pods on one', () => {
    expect(daemonSet.spec?.updateStrategy).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: '10%' },
    });
  });

  test('it has longer to end than the two seconds that it needs', () => {
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(2);
  });
});

test('every right that the main container has is explained beside it', () => {
  const lines = readFileSync(`${MANIFESTS}/base/daemonset.yaml`, 'utf8').split('\n');
  const rights = lines.flatMap((line, index) => (/^ +- (NET|SYS)_\w+$/.test(line) ? [index] : []));
  expect(rights).toHaveLength(2);
  for (const index of rights) expect(lines[index - 1]?.trim()).toMatch(/^# /);
});
