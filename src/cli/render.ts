import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ruleset } from '../chains/rule.ts';
import { rulesetOf as rulesetIn } from '../chains/layout.ts';
import { AUTO_LAYOUT, type LayoutChoice, type LayoutSettings } from '../chains/layout-choice.ts';
import type { CommentPolicy } from '../chains/comments.ts';
import { jsonLines } from '../iptables/json-text.ts';
import { chunks, restoreLines } from '../iptables/restore-text.ts';
import { FAMILIES, type Family } from '../net/address.ts';
import type { Cluster } from '../model/objects.ts';
import { InputError } from '../problems/problem.ts';
import { nodeView, primaryFamily } from '../routing/node-view.ts';
import { clusterRoutes } from '../routing/routes.ts';
import { writeAll } from './output.ts';
import type { Scene } from '../routing/scene.ts';
import { dryHost } from './scene.ts';
import { warn } from './terminal.ts';

export interface RenderOptions {
  /** undefined: the node's primary family. */
  readonly family?: Family | 'all' | undefined;
  readonly layout: LayoutChoice;
  readonly comments: CommentPolicy;
  readonly output: 'restore' | 'json';
  readonly outDir?: string | undefined;
}

/**
 * Prints the rules of a node, or writes a file for each family. Touches nothing else.
 *
 * @throws InputError where both families are asked for on one standard output
 */
export async function render(scene: Scene, options: RenderOptions): Promise<void> {
  const primary = primaryFamily(scene.settings, scene.identity.node);
  const { family = primary, outDir, comments } = options;
  if (family === 'all' && outDir === undefined) {
    const message = 'needs --out-dir, since one output cannot hold the rules of both families';
    throw new InputError([{ where: '--family all', path: '', message }]);
  }
  scene.warnings.forEach(warn);
  if (options.family === undefined) warnOfOtherFamily(scene.cluster, primary);
  for (const each of family === 'all' ? FAMILIES : [family]) {
    const ruleset = rulesetOf(scene, each, { name: options.layout, comments });
    const texts = chunks(options.output === 'json' ? jsonLines(ruleset) : restoreLines(ruleset));
    if (outDir === undefined) await writeAll(process.stdout, texts);
    else await writeFile(outDir, `${each}.${options.output === 'json' ? 'json' : 'rules'}`, texts);
  }
}

/** Nobody asked for this family, and it may be the wrong one. */
function warnOfOtherFamily({ services }: Cluster, family: Family): void {
  const families = new Set(services.flatMap((service) => service.families));
  const [other] = families;
  if (other === undefined || families.has(family)) return;
  warn(`the rules are ${family}, the node's first family, and no service has it: see --family ${other}`);
}

/** The rules of a dry run: the machine's own interfaces and sysctls are not looked at. */
export function rulesetOf(
  { cluster, settings, identity }: Scene,
  family: Family,
  layout: LayoutSettings = AUTO_LAYOUT,
): Ruleset {
  const view = nodeView(family, settings, identity, dryHost(identity));
  return rulesetIn(layout, clusterRoutes(cluster, view), view);
}

async function writeFile(directory: string, name: string, texts: Iterable<Uint8Array>): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeAll(createWriteStream(join(directory, name)), texts, true);
}
