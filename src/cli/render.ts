import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ruleset } from '../chains/rule.ts';
import { rulesetOf as rulesetIn } from '../chains/layout.ts';
import { AUTO_LAYOUT, type LayoutChoice, type LayoutSettings } from '../chains/layout-choice.ts';
import type { CommentPolicy } from '../chains/comment-style.ts';
import { jsonLines } from '../iptables/json-text.ts';
import { chunks, restoreLines } from '../iptables/restore-text.ts';
import { FAMILIES, type Family } from '../net/address.ts';
import { InputError } from '../problems/problem.ts';
import { nodeView, primaryFamily } from '../routing/node-view.ts';
import { clusterRoutes } from '../routing/routes.ts';
import { writeAll } from './output.ts';
import { dryHost, type Scene } from './scene.ts';
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
  const { family = primaryFamily(scene.settings, scene.identity.node), outDir, comments } = options;
  if (family === 'all' && outDir === undefined) {
    const message = 'needs --out-dir, since one output cannot hold the rules of both families';
    throw new InputError([{ where: '--family all', path: '', message }]);
  }
  scene.warnings.forEach(warn);
  for (const each of family === 'all' ? FAMILIES : [family]) {
    const ruleset = rulesetOf(scene, each, { name: options.layout, comments });
    const texts = chunks(options.output === 'json' ? jsonLines(ruleset) : restoreLines(ruleset));
    if (outDir === undefined) await writeAll(process.stdout, texts);
    else await writeFile(outDir, `${each}.${options.output === 'json' ? 'json' : 'rules'}`, texts);
  }
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
