import type { Rule, Ruleset } from '../chains/rule.ts';
import { ruleText } from '../chains/text.ts';
import type { Family } from '../net/address.ts';
import { addressTests, type AddressTest, type AddressTests } from './address-test.ts';
import { chainIndex, type ChainIndex } from './chain-index.ts';
import type { RulePlace } from './fate.ts';
import type { InspectedMatch, InspectedRule } from './inspected-rule.ts';
import { readSave, type Policy } from './save-reader.ts';

/** All rules of one family, ready for packets to be run through them. */
export interface Program {
  readonly family: Family;
  readonly tables: ReadonlyMap<string, ProgramTable>;
}

export interface ProgramTable {
  readonly name: string;
  readonly chains: ReadonlyMap<string, ProgramChain>;
}

export interface ProgramChain {
  readonly table: string;
  readonly name: string;
  /** Of the kernel's own chains; undefined for all others. */
  readonly policy: Policy | undefined;
  readonly rules: readonly ProgramRule[];
  /** Where the chain is long. */
  readonly index: ChainIndex | undefined;
}

export interface ProgramRule {
  readonly rule: InspectedRule;
  /** The rule in the words of iptables-save, from `-A` on. */
  readonly text: () => string;
  readonly source: AddressTest | undefined;
  readonly destination: AddressTest | undefined;
  /** The matches that have to be asked. */
  readonly questions: readonly InspectedMatch[];
}

export interface ProgramOptions {
  /** Without, every rule of a chain is asked, long or not: the same, only slower. True by default. */
  readonly indexed?: boolean;
}

/** The kernel's own chains accept what comes to their end, and hold nothing but our jumps. */
export function programOf(ruleset: Ruleset, options: ProgramOptions = {}): Program {
  const building = programBuilding(ruleset.family, options);
  for (const table of ruleset.tables) {
    building.table(table.name);
    const add = (chain: string, rule: Rule): void =>
      building.rule(chain, rule, () => `-A ${chain} ${ruleText(rule)}`);
    for (const name of new Set(table.jumps.map(({ from }) => from))) building.chain(name, 'ACCEPT');
    for (const { from, rule } of table.jumps) add(from, rule);
    for (const { name, rules } of table.chains()) {
      building.chain(name, undefined);
      for (const rule of rules) add(name, rule);
    }
  }
  return building.finish();
}

/**
 * Everything that iptables-save or ip6tables-save has printed: all tables, with policies and the rules of
 * other programs. A chain that is declared twice starts anew.
 *
 * @throws SaveError with the line
 */
export function programOfSave(
  lines: Iterable<string>,
  family: Family,
  options: ProgramOptions = {},
): Program {
  const building = programBuilding(family, options);
  readSave(lines, family, {
    table: building.table,
    chain: building.chain,
    rule: (chain, rule, text) => building.rule(chain, rule, () => text),
  });
  return building.finish();
}

/** The rule's text, or the policy's: `-P FORWARD DROP`. */
export function textAt({ tables }: Program, { table, chain, rule }: RulePlace): string {
  const found = tables.get(table)?.chains.get(chain);
  if (rule === 'policy') return `-P ${chain} ${found?.policy ?? 'ACCEPT'}`;
  return found?.rules[rule - 1]?.text() ?? '';
}

interface ProgramBuilding {
  /** Begins a table, or goes on with one. */
  readonly table: (name: string) => void;
  readonly chain: (name: string, policy: Policy | undefined) => void;
  readonly rule: (chain: string, rule: InspectedRule, text: () => string) => void;
  readonly finish: () => Program;
}

interface ChainBeingBuilt {
  readonly policy: Policy | undefined;
  readonly rules: ProgramRule[];
}

function programBuilding(family: Family, { indexed = true }: ProgramOptions): ProgramBuilding {
  const tables = new Map<string, Map<string, ChainBeingBuilt>>();
  const tests = addressTests();
  let current = new Map<string, ChainBeingBuilt>();
  return {
    table: (name) => {
      current = tables.get(name) ?? new Map<string, ChainBeingBuilt>();
      tables.set(name, current);
    },
    chain: (name, policy) => current.set(name, { policy, rules: [] }),
    rule: (chain, rule, text) => current.get(chain)?.rules.push(programRule(rule, text, tests)),
    finish: () => ({
      family,
      tables: new Map([...tables].map(([name, chains]) => [name, programTable(name, chains, indexed)])),
    }),
  };
}

function programTable(
  table: string,
  building: ReadonlyMap<string, ChainBeingBuilt>,
  indexed: boolean,
): ProgramTable {
  const chains = new Map<string, ProgramChain>();
  for (const [name, { policy, rules }] of building) {
    const index = indexed ? chainIndex(rules.map(({ rule }) => rule)) : undefined;
    chains.set(name, { table, name, policy, rules, index });
  }
  return { name: table, chains };
}

function programRule(rule: InspectedRule, text: () => string, tests: AddressTests): ProgramRule {
  return {
    rule,
    text,
    source: rule.source && tests(rule.source),
    destination: rule.destination && tests(rule.destination),
    questions: questionsOf(rule.matches),
  };
}

const NO_QUESTIONS: readonly InspectedMatch[] = [];

/**
 * Comments ask nothing. Chances come last, so that no packet is divided that does not match anyway; but
 * where the rule remembers the source, what stands before that decides whether it does.
 */
function questionsOf(matches: readonly InspectedMatch[]): readonly InspectedMatch[] {
  const asked = matches.filter(({ kind }) => kind !== 'comment' && kind !== 'always');
  if (asked.length === 0) return NO_QUESTIONS;
  if (asked.length === 1 || asked.some(({ kind }) => kind === 'rememberSource')) return asked;
  const isChance = ({ kind }: InspectedMatch): boolean => kind === 'chance';
  return [...asked.filter((match) => !isChance(match)), ...asked.filter(isChance)];
}
