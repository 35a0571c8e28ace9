import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { parseHostPort } from '../../../src/config/host-port.ts';
import { read } from '../config/reading.ts';
import { configured, deployed } from './deployed.ts';
import { KUBEADM_CONFIG } from './kubeadm-config.ts';

/** What a container's arguments say besides which command and which file. */
function flags(args: readonly string[] = []): readonly string[] {
  return args
    .filter((arg) => arg.startsWith('--') && !arg.startsWith('--config='))
    .map((arg) => arg.replace('$(NODE_NAME)', 'node-a'));
}

describe.each([
  ['base', configured('config.conf')],
  ['overlays/kubeadm', KUBEADM_CONFIG],
] as const)("%s's configuration", (name, text) => {
  const { prepareNode, chainwright } = deployed(name);

  test('is accepted without a warning', () => {
    expect(read(text, ...flags(chainwright.args)).warnings).toEqual([]);
    expect(read(text, ...flags(prepareNode.args)).warnings).toEqual([]);
  });

  test('says the same to both containers, so that the first leaves nothing for the second to set', () => {
    const { configuration } = read(text, ...flags(chainwright.args));
    expect(read(text, ...flags(prepareNode.args)).configuration).toEqual(configuration);
  });

  test("has /livez on the port that the kubelet's probes ask, where they can reach it", () => {
    const { settings } = read(text, ...flags(chainwright.args));
    const healthz = parseHostPort(settings.healthzBindAddress ?? '');
    expect(healthz?.address).toBe('0.0.0.0');
    for (const probe of [chainwright.livenessProbe, chainwright.readinessProbe]) {
      expect(probe?.httpGet?.port).toBe(healthz?.port);
      expect(probe?.httpGet?.host).toBeUndefined();
    }
  });

  test('shows metrics to nobody outside of the node', () => {
    const { settings } = read(text, ...flags(chainwright.args));
    expect(parseHostPort(settings.metricsBindAddress)?.address).toBe('127.0.0.1');
  });

  test('asks for the oom_score_adj that pods of this priority have anyway', () => {
    expect(read(text, ...flags(chainwright.args)).settings.oomScoreAdj).toBe(-997);
  });

  test('finds its kubeconfig in the folder that is mounted', () => {
    const { kubeconfig } = read(text).settings.clientConnection;
    const folder = kubeconfig.replace(/\/kubeconfig\.conf$/, '');
    expect(chainwright.volumeMounts?.map(({ mountPath }) => mountPath)).toContain(folder);
    expect(chainwright.args).toContain(`--config=${folder}/config.conf`);
  });
});

test("the base's probes are slower than /livez, which waits for two sync periods", () => {
  const probe = deployed('base').chainwright.livenessProbe;
  const { syncPeriod } = read(configured('config.conf')).settings;
  expect((probe?.failureThreshold ?? 3) * (probe?.periodSeconds ?? 10) * 1000).toBeGreaterThanOrEqual(
    2 * syncPeriod,
  );
});

test("the base's kubeconfig signs in by the account's token, which is renewed, and names a server to edit", () => {
  const { clusters, users } = parse(configured('kubeconfig.conf')) as {
    readonly clusters: readonly { readonly cluster: Readonly<Record<string, string>> }[];
    readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
  };
  const account = '/var/run/secrets/kubernetes.io/serviceaccount';
  expect(clusters[0]?.cluster['certificate-authority']).toBe(`${account}/ca.crt`);
  expect(clusters[0]?.cluster.server).toMatch(/^https:\/\/[\w.-]+\.example:6443$/);
  expect(users[0]?.user).toEqual({ tokenFile: `${account}/token` });
});
