import { describe, expect, it } from 'vitest';
import type { LayoutName } from '../../src/chains/layout-choice.ts';
import type { BackendKind } from '../../src/iptables/backend.ts';
import { startLab } from '../../src/lab/lab.ts';
import { casesIn, RULE_BOOK } from '../support/cases.ts';
import { compare, sceneOfCase } from './evaluator-stage.ts';

/* What the evaluator says of a packet must be what becomes of it in the kernel. */

const LAYOUTS: readonly LayoutName[] = ['classic', 'indexed'];

/** Of each behaviour some; the rest of the rule book differs in what the routes are, not in what rules do. */
const CASES = [
  'clusterip/dual-stack',
  'clusterip/internal-policy-local-no-local-endpoint',
  'clusterip/no-endpoints',
  'clusterip/session-affinity-timeout',
  'clusterip/udp',
  'external-ip/local-policy-no-local-endpoint',
  'loadbalancer/session-affinity-local',
  'loadbalancer/source-ranges-include-node',
  'nodeport/external-policy-local',
  'nodeport/no-endpoints',
  'nodeport/tcp-and-udp-same-port',
  'nodeport/three-replicas-31000',
  'settings/detect-local-bridge-interface',
  'settings/detect-local-interface-prefix',
  'settings/localhost-node-ports-off',
  'settings/masquerade-all',
];

describe.each<BackendKind>(['nft', 'legacy'])(
  'real packets have the fates that were predicted, %s',
  (backend) => {
    const folders = casesIn(RULE_BOOK).filter(({ name }) => CASES.includes(name));

    it('in cases that are there', () => expect(folders).toHaveLength(CASES.length));

    it.each(folders)('$name', async (folder) => {
      const scene = sceneOfCase(folder);
      await using lab = await startLab(scene, { backend });
      for (const layout of LAYOUTS) {
        const { packets, disagreements } = await compare(lab, scene, layout);
        expect(disagreements, layout).toEqual([]);
        expect(packets).toBeGreaterThan(0);
      }
    });
  },
);
