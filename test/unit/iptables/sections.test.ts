import { describe, expect, it } from 'vitest';
import { isServiceChain } from '../../../src/chains/names.ts';
import { rulesetOf, type Layout } from '../../../src/chains/layout.ts';
import { deltaLines } from '../../../src/iptables/delta.ts';
import { planForEmpty } from '../../../src/iptables/plan.ts';
import { planLines } from '../../../src/iptables/restore-text.ts';
import { tuningOf, type Tuning } from '../../../src/iptables/sections.ts';
import type { Cluster } from '../../../src/model/objects.ts';
import { fromBigInt } from '../../../src/net/address.ts';
import { appliedServices } from '../../../src/reconciler/applied.ts';
import { clusterRoutes } from '../../../src/routing/routes.ts';
import { plainService, plainSlice, readyEndpoint } from '../../support/plain-objects.ts';
import { plainView } from '../../support/plain-routes.ts';

const VIEW = plainView();
const MOST = 300;
const SHORT: Tuning = { sectionChains: MOST, dispatchByTarget: true };
const CLASSIC: Layout = { name: 'classic', comments: 'never' };
const LAYOUTS: readonly Layout[] = [CLASSIC, { name: 'indexed', comments: 'never' }];

/** Many services of a few endpoints, and one with so many that no section should hold it. */
function cluster(first: number): Cluster {
  const sizes = [...Array.from({ length: 150 }, () => 3), 2_000, 2];
  return {
    nodes: [],
    services: sizes.map((_, index) =>
      plainService({
        name: `service-${index}`,
        clusterIPs: [fromBigInt('ipv4', 0x0a60_0001n + BigInt(index))],
        ports: [{ name: 'http', protocol: 'tcp', port: 80, nodePort: undefined }],
      }),
    ),
    slices: sizes.map((size, index) =>
      plainSlice({
        serviceName: `service-${index}`,
        ports: [{ name: 'http', protocol: 'tcp', port: 8080 }],
        endpoints: Array.from({ length: size }, (_, position) =>
          readyEndpoint({
            address: fromBigInt('ipv4', 0x0a80_0001n + BigInt(index * 4_096 + first + position)),
            nodeName: undefined,
          }),
        ),
      }),
    ),
  };
}

const servicesOf = (first: number) => clusterRoutes(cluster(first), VIEW);

/** The nat table of a kernel that commits section by section. */
class Table {
  readonly chains = new Map<string, readonly string[]>();

  /** @returns how many chains each section declared or deleted */
  load(lines: Iterable<string>, afterEach: () => void): readonly number[] {
    const sections: number[] = [];
    let table = '';
    for (const line of lines) {
      if (line.startsWith('*')) {
        table = line;
        sections.push(0);
      }
      if (table !== '*nat') continue;
      this.#take(line);
      if (line.startsWith(':') || line.startsWith('-X')) sections.push((sections.pop() ?? 0) + 1);
      if (line === 'COMMIT') afterEach();
    }
    return sections;
  }

  #take(line: string): void {
    const [, chain = ''] = line.split(' ');
    if (line.startsWith(':')) this.chains.set(line.slice(1, line.indexOf(' ')), []);
    if (line.startsWith('-X')) this.chains.delete(chain);
    if (/^-[AI] KUBE/.test(line)) this.chains.set(chain, [...(this.chains.get(chain) ?? []), line.slice(3)]);
    if (line.startsWith('-D')) {
      this.chains.set(
        chain,
        (this.chains.get(chain) ?? []).filter((rule) => rule !== line.slice(3)),
      );
    }
  }

  /** Jumps, from chains that packets may come to, to chains that are missing, or of services and without a rule. */
  dangling(): readonly string[] {
    const seen = new Set<string>();
    const open = ['KUBE-SERVICES'];
    const found: string[] = [];
    for (let chain = open.pop(); chain !== undefined; chain = open.pop()) {
      for (const rule of this.chains.get(chain) ?? []) {
        const target = / -j (KUBE-\S+)$/.exec(rule)?.[1];
        if (target === undefined || seen.has(target)) continue;
        seen.add(target);
        const rules = this.chains.get(target);
        if (rules === undefined || (isServiceChain(target) && rules.length === 0)) found.push(rule);
        open.push(target);
      }
    }
    return found;
  }
}

describe.each(LAYOUTS)('sections in the layout $name', (layout) => {
  /** Loads lines, looks after each section, and returns their sizes. */
  const watched = (table: Table, lines: Iterable<string>): readonly number[] =>
    table.load(lines, () => {
      expect(table.dangling()).toEqual([]);
    });
  const linesOfAll = (first: number): Iterable<string> =>
    planLines(planForEmpty(rulesetOf(layout, servicesOf(first), VIEW)), SHORT);
  const endpointChains = (table: Table): number =>
    [...table.chains.keys()].filter((name) => name.startsWith('KUBE-SEP-')).length;

  it('stay short, within a service of very many endpoints too', () => {
    const table = new Table();
    const sizes = watched(table, linesOfAll(0));
    expect(sizes.length).toBeGreaterThan(6);
    expect(Math.max(...sizes)).toBeLessThan(2 * MOST);
    expect(endpointChains(table)).toBeGreaterThan(1_900);
  });

  it('lead nowhere that is not there yet, when all is written anew over what is old', () => {
    const table = new Table();
    table.load(linesOfAll(0), () => undefined);
    watched(table, linesOfAll(1_000));
    expect(table.dangling()).toEqual([]);
  });

  it('are as short, and lead nowhere that is gone, where services change, go and come back', () => {
    const table = new Table();
    table.load(linesOfAll(0), () => undefined);
    const before = new Map(table.chains);
    const applied = appliedServices(servicesOf(0), { layout, view: VIEW });
    const change = (next: Parameters<typeof applied.propose>[0]): void => {
      const { delta, accept } = applied.propose(next);
      const sizes = watched(table, deltaLines(delta, SHORT));
      expect(sizes.length).toBeGreaterThan(6);
      expect(Math.max(...sizes)).toBeLessThan(2 * MOST);
      accept();
    };
    const at = (first: number) => new Map(servicesOf(first).map((service) => [service.service, service]));
    const gone = new Map(servicesOf(0).map(({ service }) => [service, undefined]));
    change(at(1_000));
    change(gone);
    expect(endpointChains(table)).toBe(0);
    change(at(0));
    const sorted = (chains: ReadonlyMap<string, readonly string[]>) =>
      Array.from(chains, ([name, rules]) => [name, [...rules].sort()] as const).sort(([a], [b]) =>
        a < b ? -1 : 1,
      );
    expect(sorted(table.chains)).toEqual(sorted(before));
  });
});

describe('a service of ordinary size', () => {
  it('shares one section, so that it changes at once', () => {
    const lines = [...planLines(planForEmpty(rulesetOf(CLASSIC, servicesOf(0), VIEW)), SHORT)];
    const sectionOf = new Map<string, number>();
    let section = 0;
    for (const line of lines) {
      if (line === 'COMMIT') section += 1;
      if (line.startsWith(':KUBE-S')) sectionOf.set(line.slice(1, line.indexOf(' ')), section);
    }
    const jumps = lines.flatMap((line) => {
      const [, from = '', to = ''] = /^-A (KUBE-SVC-\S+) .*-j (KUBE-SEP-\S+)$/.exec(line) ?? [];
      return from === '' ? [] : [{ from, to }];
    });
    const apart = jumps.filter(({ from, to }) => sectionOf.get(from) !== sectionOf.get(to));
    expect(jumps).toHaveLength(150 * 3 + 2_000 + 2);
    expect(new Set(apart.map(({ from }) => from)).size).toBe(1);
  });

  it('is in the one section of its table on legacy', () => {
    const lines = [...planLines(planForEmpty(rulesetOf(CLASSIC, servicesOf(0), VIEW)), tuningOf('legacy'))];
    expect(lines.filter((line) => line === 'COMMIT')).toHaveLength(2);
  });
});
