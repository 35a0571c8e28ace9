import type { Chain } from '../chains/rule.ts';
import { rulesOfService } from '../chains/service-rules.ts';
import type { Backend } from '../iptables/backend.ts';
import type { Plan } from '../iptables/plan.ts';
import { chainLines } from '../iptables/restore-text.ts';
import { restore, RestoreError } from '../iptables/restore.ts';
import { sections, tuningOf, type Sections } from '../iptables/sections.ts';
import type { Snapshot } from '../iptables/snapshot.ts';
import type { NodeView } from '../routing/node-view.ts';
import type { ServiceRoutes } from '../routing/routes.ts';

/** So many services are tried at once, before a refusal is narrowed down. */
const GROUP = 250;

/**
 * Finds the services whose chains the kernel refuses, by loading the chains that a plan writes without
 * anything that leads to them: group by group, and where one is refused half by half. What is not
 * refused is in the kernel afterwards.
 *
 * @returns the refused services, each with what the tool said of it
 * @throws ToolError where the tool is missing or is stopped, RestoreError where it fails for other reasons
 */
export async function refusedServices(
  changes: Plan,
  backend: Backend,
): Promise<ReadonlyMap<string, RestoreError>> {
  const refused = new Map<string, RestoreError>();
  for (const group of groups(servicesToWrite(changes))) await tryGroup(group);
  return refused;

  async function tryGroup(services: readonly string[]): Promise<void> {
    try {
      await restore(backend, () =>
        linesOf(changes, new Set(services), sections('nat', tuningOf(backend.kind))),
      );
    } catch (error) {
      if (!(error instanceof RestoreError) || !error.isRefusal) throw error;
      const [first] = services;
      if (first === undefined) return;
      if (services.length === 1) {
        refused.set(first, error);
        return;
      }
      const half = services.length >> 1;
      await tryGroup(services.slice(0, half));
      await tryGroup(services.slice(half));
    }
  }
}

/** The kernel has older chains of all that the service's dispatch rules lead to. */
export function isServed(service: ServiceRoutes, view: NodeView, snapshot: Snapshot): boolean {
  return rulesOfService(service, view, 'first').dispatch.every(({ rule }) => {
    const target = rule.target?.kind === 'jump' ? rule.target.chain : undefined;
    return target === undefined || snapshot.nat.chains.has(target);
  });
}

function servicesToWrite(changes: Plan): readonly string[] {
  const services = new Set<string>();
  for (const chain of chainsToWrite(changes)) if (chain.service !== undefined) services.add(chain.service);
  return [...services];
}

function* linesOf(changes: Plan, services: ReadonlySet<string>, cut: Sections): Iterable<string> {
  yield '*nat';
  // Where service chains jump to, should it be missing; declaring it again would empty it.
  for (const chain of chainsToWrite(changes)) {
    if (chain.service === undefined && chain.name === 'KUBE-MARK-MASQ') yield* chainLines(chain, cut);
    if (chain.service !== undefined && services.has(chain.service)) yield* chainLines(chain, cut);
  }
  yield 'COMMIT';
}

function* chainsToWrite(changes: Plan): Iterable<Chain> {
  for (const { table, write } of changes) {
    if (table.name !== 'nat') continue;
    for (const chain of table.chains()) if (write === 'all' || write.has(chain.name)) yield chain;
  }
}

function* groups(services: readonly string[]): Iterable<readonly string[]> {
  for (let start = 0; start < services.length; start += GROUP) yield services.slice(start, start + GROUP);
}
