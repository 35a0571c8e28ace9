import { backendOf, type BackendKind } from '../iptables/backend.ts';
import { detectBackend } from '../iptables/detect-backend.ts';
import { runTool, ToolError } from '../iptables/tool.ts';
import type { Family } from '../net/address.ts';
import { readEphemeralPorts } from '../node/ephemeral-ports.ts';
import { listeners } from '../node/listeners.ts';
import type { Claim } from './claims.ts';
import { kernelReading, type KernelRules } from './kernel-rules.ts';
import type { LiveFacts } from './report.ts';

export interface Look {
  readonly facts: LiveFacts;
  /** What could not be seen, a line each. */
  readonly warnings: readonly string[];
}

/** Looks at this machine: counters, sockets and the range of ephemeral ports. Changes nothing. */
export async function lookAtMachine(claims: readonly Claim[], families: readonly Family[]): Promise<Look> {
  const ports = new Set(claims.map(({ port }) => port));
  const [counters, found, ephemeral] = await Promise.all([
    readCounters(families),
    listeners(ports),
    readEphemeralPorts(),
  ]);
  const { backend, rules, warnings } = counters;
  const isBlind = found.some(({ owner }) => owner === undefined) && !isRoot();
  return {
    facts: { backend, rules, listeners: found, ephemeral },
    warnings: isBlind ? [...warnings, 'not root: some processes that listen cannot be named'] : warnings,
  };
}

interface Counters {
  readonly backend: BackendKind | undefined;
  readonly rules: ReadonlyMap<Family, KernelRules>;
  readonly warnings: readonly string[];
}

async function readCounters(families: readonly Family[]): Promise<Counters> {
  const rules = new Map<Family, KernelRules>();
  const warnings: string[] = [];
  let backend: BackendKind | undefined;
  try {
    backend = await detectBackend();
    for (const family of families) rules.set(family, await readFamily(backend, family));
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    warnings.push(`rule counters are left out: ${isRoot() ? error.message : 'not root'}`);
  }
  if (rules.size === 0) return { backend: undefined, rules, warnings };
  const bare = [...rules].filter(([, { programmed }]) => !programmed).map(([family]) => family);
  if (bare.length > 0) warnings.push(`no service proxy has written ${bare.join(' or ')} rules on this node`);
  return { backend, rules, warnings };
}

async function readFamily(kind: BackendKind, family: Family): Promise<KernelRules> {
  const { save } = backendOf(kind, family);
  const reading = kernelReading();
  for (const table of ['filter', 'nat'] as const) {
    await runTool([...save, '-c', '-t', table], { onLine: (text) => reading.line(table, text) });
  }
  return reading.finish();
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}
