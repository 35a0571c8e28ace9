import assert from 'node:assert/strict';
import { ruleFacts } from '../../../../src/graph/rule-facts.ts';
import type { RuleGraph } from '../../../../src/graph/rule-graph.ts';
import { graphOfSave, saveLines } from '../../../../src/graph/save-text.ts';
import { fatesOf } from '../../../../src/inspect/evaluate.ts';
import { nodeFacts } from '../../../../src/inspect/facts.ts';
import { add, ONE } from '../../../../src/inspect/fraction.ts';
import { ourParts } from '../../../../src/inspect/check/our-part.ts';
import { structureFaults } from '../../../../src/inspect/check/structure.ts';
import { programOfSave, type Program } from '../../../../src/inspect/program.ts';
import { SaveError } from '../../../../src/inspect/save-reader.ts';
import { TooManyWaysError } from '../../../../src/inspect/walk-limit.ts';
import { FAMILIES, type Address, type Family } from '../../../../src/net/address.ts';

/** What iptables-save prints: printed again it means the same, in a picture too, and a packet has one fate or another. */
export function fuzz(data: Buffer): void {
  const lines = data.toString('latin1').split('\n');
  for (const { lines: ours, family } of ourParts(lines)) readOrRefused(ours, family);
  for (const family of FAMILIES) {
    const graph = graphOfSave(lines, family);
    for (const { rules } of graph.chains.values()) for (const { text } of rules) ruleFacts(text);
    const program = readOrRefused(lines, family);
    if (program === undefined) continue;
    expectSameGraph(graph);
    structureFaults(program);
    assert.deepEqual(content(programOfSave(printed(program), family)), content(program));
    expectFate(program);
  }
}

function expectSameGraph(graph: RuleGraph): void {
  const text = [...saveLines(graph)].join('\n');
  assert.deepEqual(graphOfSave(text.split('\n'), graph.family), graph);
}

function readOrRefused(lines: readonly string[], family: Family): Program | undefined {
  try {
    return programOfSave(lines, family);
  } catch (error) {
    assert(error instanceof SaveError && error.line > 0, error as Error);
    return undefined;
  }
}

function* printed({ tables }: Program): Iterable<string> {
  for (const table of tables.values()) {
    yield `*${table.name}`;
    for (const { name, policy } of table.chains.values()) yield `:${name} ${policy ?? '-'}`;
    for (const { rules } of table.chains.values()) for (const { text } of rules) yield text();
    yield 'COMMIT';
  }
}

function content({ tables }: Program): unknown {
  return Array.from(tables.values(), ({ name, chains }) => [
    name,
    Array.from(chains.values(), (chain) => [chain.name, chain.policy, chain.rules.map(({ rule }) => rule)]),
  ]);
}

const ADDRESSES = {
  ipv4: ['192.168.77.10', '203.0.113.5', '10.96.0.1'],
  ipv6: ['fd00:77::10', '2001:db8::5', 'fd00:10:96::1'],
} as Readonly<Record<Family, readonly string[]>> as Readonly<
  Record<Family, readonly [Address, Address, Address]>
>;

function expectFate(program: Program): void {
  const { family } = program;
  const [node, source, destination] = ADDRESSES[family];
  const packet = {
    family,
    protocol: 'tcp',
    source,
    destination,
    destinationPort: 80,
    inInterface: 'eth0',
  } as const;
  try {
    const fates = fatesOf(program, packet, nodeFacts([node]));
    assert.deepEqual(fates.map(({ probability }) => probability).reduce(add), ONE);
  } catch (error) {
    assert(error instanceof TooManyWaysError, error as Error);
  }
}
