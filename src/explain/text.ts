import { percent } from '../inspect/check/words.ts';
import { joinHostPort, type Address } from '../net/address.ts';
import { BOLD, DIM, GREEN, RED, YELLOW, type Paint } from '../text/paint.ts';
import { alignedTable } from '../text/table.ts';
import type { BranchEntry, ExplainReport, StepEntry, WayEntry } from './schema.ts';
import type { Finding } from './finding.ts';

/** More branches are counted, not listed. */
const MOST_BRANCHES = 12;

export function explainText(report: ExplainReport, paint: Paint): string {
  const general = report.findings.map((finding) => findingText(finding, '', paint)).join('');
  return general + report.ways.map((way) => wayText(way, paint)).join('\n');
}

function wayText(way: WayEntry, paint: Paint): string {
  const { before, branches, after, findings } = way;
  const [only] = branches;
  const steps = branches.length === 1 ? [...before, ...(only?.steps ?? [])] : before;
  return [
    `${paint(BOLD, titleOf(way))}\n`,
    stepsText(steps, '  ', paint),
    branchesText(branches, paint),
    stepsText(after, '  ', paint),
    `  ${verdictText(way, paint)}\n`,
    ...findings.map((finding) => findingText(finding, '  ', paint)),
  ].join('');
}

const WHO = { outside: 'outside', node: 'the node', pod: 'a pod' } as const;
const ENTRIES = {
  clusterIP: 'cluster IP of',
  externalIP: 'external IP of',
  loadBalancerIP: 'load-balancer IP of',
  nodePort: 'node port of',
} as const;

function titleOf({ protocol, from, to, entry, service }: WayEntry): string {
  const what = entry === null || service === null ? '' : `, ${ENTRIES[entry]} ${service}`;
  return `${protocol} from ${WHO[from.who]} (${from.address}) to ${hostPort(to.address, to.port)}${what}`;
}

function stepsText(steps: readonly StepEntry[], indent: string, paint: Paint): string {
  const lines = alignedTable(steps.map(({ table, chain, words }) => [table, chain, words]));
  return lines.replace(/^(.+)$/gm, (line) => indent + paint(DIM, line));
}

function branchesText(branches: readonly BranchEntry[], paint: Paint): string {
  const [first] = branches;
  if (first === undefined || (branches.length === 1 && first.outcome !== 'endpoint')) return '';
  const shown = branches.slice(0, MOST_BRANCHES);
  const rows = shown.map((branch) => [
    percent(branch.share),
    goalOf(branch),
    chainsOf(branch, branches.length > 1),
  ]);
  const rest = branches.length - shown.length;
  const table = alignedTable(rows).replace(/^(.+)$/gm, '    $1');
  return table + (rest === 0 ? '' : paint(DIM, `    and ${rest} more\n`));
}

function goalOf({ outcome, address, port, node, masqueraded }: BranchEntry): string {
  if (address === null || port === null) return outcome;
  const extras = [...(node === null ? [] : [`on ${node}`]), ...(masqueraded ? ['masqueraded'] : [])];
  return `to ${hostPort(address, port)}${extras.length === 0 ? '' : ` (${extras.join(', ')})`}`;
}

function chainsOf({ steps }: BranchEntry, isOneOfMany: boolean): string {
  if (!isOneOfMany) return '';
  return [...new Set(steps.map(({ chain }) => chain))]
    .filter((chain) => !chain.startsWith('KUBE-MARK'))
    .join(', ');
}

const VERDICTS: Readonly<Record<WayEntry['verdict'], readonly [code: string, text: string]>> = {
  through: [GREEN, 'gets through'],
  partly: [YELLOW, 'gets through in part'],
  blocked: [RED, 'does not get through'],
  unknown: [YELLOW, 'cannot be told'],
};

function verdictText({ verdict, branches }: WayEntry, paint: Paint): string {
  const [code, text] = VERDICTS[verdict];
  const [first] = branches;
  const how =
    branches.length === 1 && first !== undefined && verdict !== 'through' ? `: ${first.outcome}` : '';
  return paint(code, text + how);
}

function findingText({ kind, text, remedy }: Finding, indent: string, paint: Paint): string {
  const head = kind === 'cause' ? paint(RED, 'cause') : paint(DIM, 'note');
  const line = `${indent}${head}: ${text}\n`;
  return remedy === null
    ? line
    : `${line}${indent}  ${kind === 'cause' ? 'remedy' : 'to change it'}: ${remedy}\n`;
}

function hostPort(address: string, port: number): string {
  return joinHostPort(address as Address, port);
}
