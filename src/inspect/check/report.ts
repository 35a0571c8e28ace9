import type { Program } from '../program.ts';
import type { Proof } from './proof.ts';
import { ruleAt } from './rules-on-the-way.ts';
import type { CheckReport, FamilyReport, StructureFaultEntry } from './schema.ts';
import type { StructureFault } from './structure.ts';

/** What was found in one family. */
export interface FamilyFindings {
  readonly program: Program;
  readonly othersRules: number;
  readonly faults: readonly StructureFault[];
  /** undefined where no cluster says what the rules should do. */
  readonly proof: Proof | undefined;
}

/** @param limit of each kind of finding in a family */
export function checkReport(
  node: string,
  rulesOf: string,
  findings: readonly FamilyFindings[],
  limit: number,
): CheckReport {
  const families = findings.map((found) => familyReport(found, limit));
  const wrong = families.some((family) => family.structureFaultsTotal + family.counterexamplesTotal > 0);
  const whole = findings.every(({ proof }) => proof !== undefined);
  return { node, rulesOf, verdict: wrong ? 'refuted' : whole ? 'proven' : 'structureOnly', families };
}

function familyReport({ program, othersRules, faults, proof }: FamilyFindings, limit: number): FamilyReport {
  const chains = [...program.tables.values()]
    .flatMap((table) => [...table.chains.values()])
    .filter(({ policy }) => policy === undefined);
  const conflicts = proof?.conflicts ?? [];
  return {
    family: program.family,
    chains: chains.length,
    rules: chains.reduce((sum, { rules }) => sum + rules.length, 0),
    othersRules,
    servicePorts: proof?.servicePorts ?? null,
    packets: proof?.packets ?? null,
    structureFaults: faults.slice(0, limit).map((fault) => faultEntry(fault, program)),
    structureFaultsTotal: faults.length,
    counterexamples: (proof?.counterexamples ?? []).map((example) => ({
      ...example,
      service: example.service ?? null,
      rule: example.rule ?? null,
    })),
    counterexamplesTotal: proof?.total ?? 0,
    sampled: proof?.sampled ?? [],
    conflicts: conflicts
      .slice(0, limit)
      .map((conflict) => ({ ...conflict, address: conflict.address ?? null })),
    conflictsTotal: conflicts.length,
  };
}

function faultEntry(
  { kind, table, chain, place, what }: StructureFault,
  program: Program,
): StructureFaultEntry {
  const text = place && ruleAt(program, place)?.text();
  return { kind, table, chain, rule: text === undefined ? null : { table, chain, text }, what };
}
