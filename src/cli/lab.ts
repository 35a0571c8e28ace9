import type { CommentPolicy } from '../chains/comments.ts';
import type { LayoutChoice } from '../chains/layout-choice.ts';
import { RestoreError } from '../iptables/restore.ts';
import type { BackendKind } from '../iptables/backend.ts';
import { ToolError } from '../iptables/tool.ts';
import { LabError } from '../lab/error.ts';
import { startLab } from '../lab/lab.ts';
import { play } from '../lab/play.ts';
import { jsonReport, tableReport } from '../lab/report.ts';
import { visitingHints } from '../lab/visit.ts';
import type { Scene } from '../routing/scene.ts';
import { complain, say, warn } from './terminal.ts';

export interface LabCommandOptions {
  readonly backend?: BackendKind | undefined;
  readonly layout: LayoutChoice;
  readonly comments: CommentPolicy;
  /** How many of each kind that must arrive; enough for shares to be judged. */
  readonly requests: number;
  readonly keep: boolean;
  readonly output: 'table' | 'json';
}

export const DEFAULT_REQUESTS = 100;

/** The exit codes by which shells tell that a signal ended a program. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Plays a scene on a throwaway node, with real packets, and prints what became of them.
 *
 * @returns the exit code: 0 where all arrived as expected, 1 where not, 2 where the lab could not be
 *   built, 128 and more where a signal ended it
 */
export async function runLab(scene: Scene, options: LabCommandOptions): Promise<number> {
  const interrupt = new AbortController();
  let interrupted: number | undefined;
  const handlers = Object.entries(SIGNALS).map(([name, code]) => {
    const handler = (): void => {
      interrupted ??= code;
      interrupt.abort();
    };
    process.on(name, handler);
    return { name, handler };
  });
  try {
    const ok = await playScene(scene, options, interrupt.signal);
    return interrupted ?? (ok ? 0 : 1);
  } catch (error) {
    if (interrupted !== undefined) return interrupted;
    if (!(error instanceof LabError || error instanceof ToolError || error instanceof RestoreError))
      throw error;
    complain(error.message);
    return 2;
  } finally {
    for (const { name, handler } of handlers) process.off(name, handler);
  }
}

async function playScene(scene: Scene, options: LabCommandOptions, signal: AbortSignal): Promise<boolean> {
  scene.warnings.forEach(warn);
  const { backend, layout: name, comments, requests, keep, output } = options;
  const layout = { name, comments };
  await using lab = await startLab(scene, { backend, layout, signal, onProgress: say });
  lab.topology.notes.forEach(say);
  say(`sending requests for ${lab.checks.length} checks`);
  const verdicts = await play(lab, requests);
  const about = { node: scene.identity.name, backend: lab.backend, notes: lab.topology.notes };
  process.stdout.write(output === 'json' ? jsonReport(verdicts, about) : tableReport(verdicts));
  if (keep) visitingHints(lab, lab.keep()).forEach(say);
  return verdicts.every(({ complaints }) => complaints.length === 0);
}
