import { joinHostPort, type Address } from '../../net/address.ts';
import { MOST_ENDPOINTS } from './sources.ts';
import type {
  CheckReport,
  ConflictEntry,
  CounterexampleEntry,
  FamilyReport,
  StructureFaultEntry,
} from './schema.ts';

/** The report for people: what is wrong first, then what was tried, and the verdict last. */
export function checkText(report: CheckReport): string {
  const blocks = report.families.flatMap((family) => [
    ...family.structureFaults.map((fault) => faultBlock(fault, family)),
    ...rest(family.structureFaultsTotal - family.structureFaults.length, 'fault', family),
    ...family.counterexamples.map((example) => exampleBlock(example, family)),
    ...rest(family.counterexamplesTotal - family.counterexamples.length, 'counterexample', family),
    ...conflictBlock(family),
    ...sampleBlock(family),
  ]);
  return [...blocks, closingLines(report)]
    .map((lines) => lines.map((line) => `${line}\n`).join(''))
    .join('\n');
}

type Block = readonly string[];

function exampleBlock(example: CounterexampleEntry, { family }: FamilyReport): Block {
  const { kind, service, to, from, packet, expected, found, way, packets } = example;
  return [
    `WRONG ${HEADINGS[kind]}: ${service ?? 'this node'}, ${to}, ${family}`,
    ...fields([
      ['packet', packets === 1 ? packet : `${packet}, and ${counted(packets - 1, 'packet')} more`],
      ['from', from],
      ['expected', expected],
      ['found', found],
      ['rule', ruleWords(example)],
      ['way', way.length === 0 ? 'no rule was met' : way.join(' > ')],
    ]),
  ];
}

function ruleWords({ rule, isMissing }: CounterexampleEntry): string {
  if (rule === null) return 'none';
  const words = `${rule.table}: ${rule.text}`;
  return isMissing ? `none decides; the last on the way is ${words}` : words;
}

const HEADINGS: Readonly<Record<CounterexampleEntry['kind'], string>> = {
  fate: 'destination',
  shares: 'shares',
  masquerade: 'masquerading',
  acceptance: 'acceptance',
  affinity: 'affinity',
  unknown: 'or not, a rule that is not known here',
};

function faultBlock(
  { kind, table, chain, rule, what }: StructureFaultEntry,
  { family }: FamilyReport,
): Block {
  return [
    `WRONG ${FAULT_HEADINGS[kind]}: ${table} ${chain}, ${family}`,
    ...fields([['fault', what], ...(rule === null ? [] : ([['rule', rule.text]] as const))]),
  ];
}

const FAULT_HEADINGS: Readonly<Record<StructureFaultEntry['kind'], string>> = {
  danglingJump: 'jump to nowhere',
  loop: 'loop',
  orphan: 'chain without a way in',
  tooDeep: 'depth',
  unreachableRule: 'rule out of reach',
};

function fields(rows: readonly (readonly [name: string, value: string])[]): Block {
  return rows.map(([name, value]) => `  ${name.padEnd(10)}${value}`);
}

function rest(hidden: number, what: string, { family }: FamilyReport): readonly Block[] {
  return hidden === 0 ? [] : [[`... and ${counted(hidden, what)} more in ${family}; --limit shows more`]];
}

function conflictBlock({ family, conflicts, conflictsTotal }: FamilyReport): readonly Block[] {
  if (conflicts.length === 0) return [];
  const hidden = conflictsTotal - conflicts.length;
  return [
    [
      `note: claimed by several services, any of which may get the traffic, ${family}`,
      ...conflicts.map((conflict) => `  ${claimWords(conflict)}  ${conflict.services.join(', ')}`),
      ...(hidden === 0 ? [] : [`  ... and ${hidden} more`]),
    ],
  ];
}

function sampleBlock({ family, sampled }: FamilyReport): readonly Block[] {
  if (sampled.length === 0) return [];
  const why = `of more than ${MOST_ENDPOINTS.toLocaleString('en')} endpoints a part were tried as sources`;
  return [[`note: ${why}, ${family}`, ...sampled.map((service) => `  ${service}`)]];
}

function claimWords({ protocol, address, port }: ConflictEntry): string {
  return address === null
    ? `node port ${port}/${protocol}`
    : `${joinHostPort(address as Address, port)}/${protocol}`;
}

function closingLines({ rulesOf, verdict, families }: CheckReport): Block {
  return [...families.map((family) => familyLine(family, rulesOf)), VERDICTS[verdict]];
}

const VERDICTS: Readonly<Record<CheckReport['verdict'], string>> = {
  proven: 'Proven: the rules do what the services want.',
  refuted: 'Not proven.',
  structureOnly:
    'The rules as such are sound. Whether they do what the services want is not known: give manifests, or a cluster.',
};

function familyLine(report: FamilyReport, rulesOf: string): string {
  const { family, chains, rules, othersRules, servicePorts, packets } = report;
  const tried =
    servicePorts === null
      ? []
      : [`${counted(servicePorts, 'service port')}, ${counted(packets ?? 0, 'packet')} tried`];
  const wrong = report.counterexamplesTotal + report.structureFaultsTotal;
  return [
    `${family}, ${rulesOf}: ${counted(chains, 'chain')}, ${counted(rules, 'rule')}`,
    ...tried,
    ...(othersRules === 0 ? [] : [`${counted(othersRules, 'rule')} of others not regarded`]),
    wrong === 0 ? 'nothing wrong' : `${wrong} wrong`,
  ].join('; ');
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}
