import * as z from 'zod/mini';
import { described } from '../../json/described.ts';

/*
 * What `check --output json` prints. Fields may be added in later releases; none changes its meaning or
 * goes away.
 */

const count = z.int().check(z.minimum(0));

const ruleSchema = z.strictObject({
  table: z.string(),
  chain: z.string(),
  text: described(z.string(), 'In the words of iptables-save.'),
});

export const counterexampleSchema = z.strictObject({
  kind: described(
    z.enum(['fate', 'shares', 'masquerade', 'acceptance', 'affinity', 'unknown']),
    'fate: it goes elsewhere than it should, or nowhere. shares: endpoints do not get equal shares. masquerade: its source becomes the address of the node, or does not, where it should be the other way. acceptance: a policy decides where a rule should, or the other way. affinity: a source is not sent to its endpoint again. unknown: a rule asks or does what check does not know.',
  ),
  service: described(
    z.nullable(z.string()),
    'namespace/name, or namespace/name:port where the port has a name. null for what every node has.',
  ),
  to: z.string(),
  from: z.string(),
  packet: described(z.string(), 'The packet, in words.'),
  expected: z.string(),
  found: z.string(),
  rule: described(
    z.nullable(ruleSchema),
    'The rule that decides; where one is missing, the last that led towards it.',
  ),
  isMissing: described(z.boolean(), 'Whether no rule decided though one should.'),
  way: described(z.readonly(z.array(z.string())), 'The chains that it went through, each with its table.'),
  packets: described(count, 'Packets of this service that went wrong in the same way at the same rule.'),
});

export const structureFaultSchema = z.strictObject({
  kind: z.enum(['danglingJump', 'loop', 'orphan', 'tooDeep', 'unreachableRule']),
  table: z.string(),
  chain: z.string(),
  rule: described(z.nullable(ruleSchema), 'null where it is the whole chain.'),
  what: z.string(),
});

export const conflictSchema = z.strictObject({
  protocol: z.enum(['tcp', 'udp', 'sctp']),
  address: described(z.nullable(z.string()), 'null for a node port.'),
  port: z.int(),
  services: z.readonly(z.array(z.string())),
});

const familyReportSchema = z.strictObject({
  family: z.enum(['ipv4', 'ipv6']),
  chains: count,
  rules: count,
  othersRules: described(count, 'Rules of other programs, which were not regarded.'),
  servicePorts: described(z.nullable(count), 'null where no cluster says what the rules should do.'),
  packets: described(z.nullable(count), 'How many were tried; null likewise.'),
  structureFaults: described(
    z.readonly(z.array(structureFaultSchema)),
    'At most as many as the limit allows.',
  ),
  structureFaultsTotal: count,
  counterexamples: described(
    z.readonly(z.array(counterexampleSchema)),
    'At most as many as the limit allows.',
  ),
  counterexamplesTotal: count,
  sampled: described(
    z.readonly(z.array(z.string())),
    'Service ports with more than 1,000 endpoints, of which 64 to 1,000 were tried as sources: the more there are, the fewer.',
  ),
  conflicts: described(
    z.readonly(z.array(conflictSchema)),
    'Addresses and ports that several services claim: any of them may get the traffic. At most as many as the limit allows.',
  ),
  conflictsTotal: count,
});

export const checkReportSchema = z.strictObject({
  node: described(z.string(), "The node's name; empty where none is known."),
  rulesOf: described(z.string(), 'Where the rules come from: a layout, the kernel, or the name of a file.'),
  verdict: described(
    z.enum(['proven', 'refuted', 'structureOnly']),
    'structureOnly: nothing is wrong with the rules as such, but no cluster says what they should do.',
  ),
  families: z.readonly(z.array(familyReportSchema)),
});

export type FamilyReport = Readonly<z.infer<typeof familyReportSchema>>;
export type CheckReport = Readonly<z.infer<typeof checkReportSchema>>;
export type CounterexampleEntry = Readonly<z.infer<typeof counterexampleSchema>>;
export type StructureFaultEntry = Readonly<z.infer<typeof structureFaultSchema>>;
export type ConflictEntry = Readonly<z.infer<typeof conflictSchema>>;
