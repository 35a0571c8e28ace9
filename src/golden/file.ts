import { FAMILIES, type Family } from '../net/address.ts';

/** One file of rules as they should be. */
export interface GoldenFile {
  /** Under the directory of golden files: `node-a.ipv4.rules`. */
  readonly name: string;
  readonly family: Family;
  /** The nodes with exactly these rules, sorted; empty where the manifests know none. */
  readonly nodes: readonly string[];
  readonly text: string;
}

/** Rules of nodes in one family, in canonical order. */
export interface NodeRules {
  readonly family: Family;
  /** Sorted; `ANY_NODE` alone where the manifests know none. */
  readonly nodes: readonly string[];
  readonly rules: string;
}

/** A node of which nothing is known, not even its name: the rules of any node without own endpoints. */
export const ANY_NODE = '';

/**
 * The file of some nodes, called after the first of them. Its head is of comments, which
 * iptables-restore passes over, so that the file can be loaded.
 *
 * @param command what makes it anew, from the directory that it lies in
 */
export function nodesFile({ family, nodes, rules }: NodeRules, command: string): GoldenFile {
  const known = nodes.filter((node) => node !== ANY_NODE);
  const head = [
    `${FIRST_WORDS} ${family}. In this directory they are made by`,
    `${INDENT}${command}`,
    ...(known.length === 0 ? [OF_ANY] : [OF_NODES, ...known.map((node) => `${INDENT}${node}`)]),
  ];
  const name = `${nodes[0] === undefined || nodes[0] === ANY_NODE ? 'any-node' : nodes[0]}.${family}.rules`;
  return { name, family, nodes: known, text: `${head.join('\n')}\n${rules}` };
}

const FIRST_WORDS = '# Golden rules,';
const INDENT = '#   ';
const OF_NODES = '# The nodes with these rules:';
const OF_ANY = '# They are of any node without endpoints of its own.';
const COMMAND_LINE = 1;

/** Whether `nodesFile` made the text: nothing else in the directory is ours. */
export function isNodesFile(name: string, text: string): boolean {
  return text.startsWith(FIRST_WORDS) && FAMILIES.some((family) => name.endsWith(`.${family}.rules`));
}

export function familyOfFile(name: string): Family {
  return name.endsWith('.ipv6.rules') ? 'ipv6' : 'ipv4';
}

/** The nodes that the head of a golden file names. */
export function nodesOf(text: string): readonly string[] {
  const lines = headOf(text);
  const from = lines.indexOf(OF_NODES);
  return from === -1 ? [] : lines.slice(from + 1).map((line) => line.slice(INDENT.length));
}

/**
 * The text with the command of another in its head: what differs then is of rules or nodes. CI may well
 * reach the manifests by another way than the person who wrote the file.
 */
export function withCommandOf(other: string, text: string): string {
  const command = headOf(other)[COMMAND_LINE];
  if (command === undefined || headOf(text).length === 0) return text;
  return text.split('\n').with(COMMAND_LINE, command).join('\n');
}

/** The comment lines that a golden file begins with; none where it is not one of nodes. */
function headOf(text: string): readonly string[] {
  if (!text.startsWith(FIRST_WORDS)) return [];
  const end = text.indexOf('\n*');
  return text.slice(0, end === -1 ? undefined : end).split('\n');
}
