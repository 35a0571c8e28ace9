import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { rulesetOf } from '../../src/chains/layout.ts';
import { chooseNode } from '../../src/cluster/identity.ts';
import { applyRuleset } from '../../src/iptables/applier.ts';
import { backendOf, type BackendKind } from '../../src/iptables/backend.ts';
import { FAMILIES } from '../../src/net/address.ts';
import { nodeView } from '../../src/routing/node-view.ts';
import { clusterRoutes } from '../../src/routing/routes.ts';
import { BUNDLE } from '../cli/chainwright.ts';
import { CAPTURE_HOST, casesIn, loadCase, RULE_BOOK } from '../support/cases.ts';
import { makeNamespace, output, type Namespace } from './namespace.ts';

const NAMES = [
  'nodeport/session-affinity',
  'loadbalancer/source-ranges',
  'nodeport/external-policy-local-no-local-endpoint',
  'clusterip/dual-stack',
];

/** A namespace with the addresses of the node that the cases are of. */
async function makeNode(): Promise<Namespace> {
  const namespace = await makeNamespace();
  await output(namespace, 'ip', 'link', 'set', 'lo', 'up');
  for (const address of ['192.168.77.10/32', 'fd00:77::10/128']) {
    await output(namespace, 'ip', 'address', 'add', address, 'dev', 'lo');
  }
  return namespace;
}

async function check(namespace: Namespace, directory: string) {
  const [file, ...args] = namespace.via;
  const manifests = ['-f', join(directory, 'cluster.yaml'), '--config', join(directory, 'config.yaml')];
  const command = [process.execPath, BUNDLE, 'check', '--live', ...manifests];
  const { exitCode, stdout, stderr } = await execa(file, [...args, ...command], {
    reject: false,
    timeout: 60_000,
  });
  return { exitCode, stdout, stderr };
}

describe("chainwright check --live proves the kernel's rules", () => {
  for (const kind of ['nft', 'legacy'] as const satisfies readonly BackendKind[]) {
    for (const layout of ['classic', 'indexed'] as const) {
      it(`as they were loaded, and not after a mistake, ${kind}, ${layout}`, async () => {
        for (const folder of casesIn(RULE_BOOK).filter(({ name }) => NAMES.includes(name))) {
          await using namespace = await makeNode();
          const { cluster, settings } = loadCase(folder);
          const { identity } = chooseNode(cluster, settings);
          for (const family of FAMILIES) {
            const view = nodeView(family, settings, identity, CAPTURE_HOST);
            const ruleset = rulesetOf({ name: layout, comments: 'auto' }, clusterRoutes(cluster, view), view);
            await applyRuleset(ruleset, backendOf(kind, family, namespace.via));
          }
          const [list] = backendOf(kind, 'ipv4').list;
          // Rules of others are left out, whatever they ask.
          await output(namespace, list, '-A', 'FORWARD', '-m', 'length', '--length', '1000:', '-j', 'DROP');

          const proven = await check(namespace, folder.directory);
          expect(proven.exitCode, `${folder.name}\n${proven.stdout}${proven.stderr}`).toBe(0);
          expect(proven.stdout).toContain(`the kernel (${kind})`);
          expect(proven.stdout).toContain('1 rule of others not regarded');

          await output(namespace, list, '-t', 'nat', '-F', 'KUBE-MARK-MASQ');
          const refuted = await check(namespace, folder.directory);
          expect(refuted.exitCode, folder.name).toBe(1);
          expect(refuted.stdout).toContain('WRONG masquerading: ');
        }
      });
    }
  }

  it('says so where no proxy has been', async () => {
    await using namespace = await makeNode();
    const [folder] = casesIn(RULE_BOOK).filter(({ name }) => name === NAMES[0]);
    const { exitCode, stderr } = await check(namespace, folder?.directory ?? '');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('no service proxy has written ipv4 rules on this node');
  });
});
