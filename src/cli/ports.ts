import type { FlagValues } from '../config/flags.ts';
import { FAMILIES, type Family } from '../net/address.ts';
import { hostFacts, type HostFacts } from '../node/host.ts';
import { answeringAddresses } from '../node/taken-node-ports.ts';
import { claimsOf } from '../ports/claims.ts';
import { liveScene } from './live-scene.ts';
import { lookAtMachine } from '../ports/look.ts';
import { isTaken, portsReport } from '../ports/report.ts';
import { portsTable } from '../ports/table.ts';
import { nodeView } from '../routing/node-view.ts';
import { FAILED } from './exit-codes.ts';
import { writeAll } from './output.ts';
import { dryHost, loadScene } from './scene.ts';
import { warn } from './terminal.ts';

export interface PortsOptions {
  /** Manifests; undefined: what `source` tells. */
  readonly filename?: readonly string[] | undefined;
  /** `api`, or `dir:PATH`. */
  readonly source: string;
  /** Looks at this machine though manifests were given. */
  readonly live: boolean;
  readonly family: Family | 'all';
  readonly output: 'table' | 'json';
}

/**
 * Lists the node ports of a node.
 *
 * @returns the exit code: 1 where a process of the host loses its traffic to a service, else 0. Ports that
 *   refuse or drop are as their services want it, but this nobody can have wanted.
 */
export async function ports(options: PortsOptions, flags: FlagValues): Promise<number> {
  const { filename, source, output } = options;
  const scene =
    filename === undefined ? await liveScene(source, flags, warn) : await loadScene({ filename, flags });
  const { cluster, settings, identity } = scene;
  scene.warnings.forEach(warn);
  const facts = filename === undefined || options.live ? await hostFacts() : undefined;
  const host = facts ?? dryHost(identity);
  const families = familiesOf(options.family, facts);
  const views = families.map((family) => nodeView(family, settings, identity, host));
  const claims = claimsOf(cluster, views);
  const look = facts && (await lookAtMachine(claims, families));
  look?.warnings.forEach(warn);
  const report = portsReport({
    node: identity.name,
    claims,
    answersOn: views.flatMap((view) => answeringAddresses(view, host.interfaceAddresses)),
    live: look?.facts,
  });
  await writeAll(process.stdout, [
    output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : portsTable(report),
  ]);
  return report.ports.some(isTaken) ? FAILED : 0;
}

/** A family that the kernel has switched off has no rules, and needs none. */
function familiesOf(asked: Family | 'all', facts: HostFacts | undefined): readonly Family[] {
  const families = asked === 'all' ? FAMILIES : [asked];
  if (facts?.ipv6Enabled !== false) return families;
  if (asked === 'ipv6') warn('the kernel has ipv6 switched off');
  return families.filter((family) => family !== 'ipv6');
}
