import * as z from 'zod/mini';
import { FINDING_CODES } from './finding.ts';

/*
 * What `explain --output json` prints. Fields may be added in later releases; none changes its meaning or
 * goes away.
 */

const described = <Schema extends z.ZodMiniType>(schema: Schema, text: string): Schema =>
  schema.check(z.describe(text));

export const findingSchema = z.strictObject({
  kind: described(
    z.enum(['cause', 'note']),
    'A cause keeps packets from an endpoint; a note is worth knowing all the same.',
  ),
  code: described(z.enum(FINDING_CODES), 'What it is about, for programs. Codes may be added.'),
  text: z.string(),
  remedy: described(
    z.nullable(z.string()),
    'What most likely mends or changes it; null where nothing is to be done.',
  ),
});

export const stepSchema = z.strictObject({
  table: z.string(),
  chain: z.string(),
  rule: described(
    z.nullable(z.int()),
    "Counted from 1, as iptables -L --line-numbers does; null for the chain's policy.",
  ),
  text: described(z.string(), 'In the words of iptables-save.'),
  words: z.string(),
});

export const branchSchema = z.strictObject({
  share: described(z.number(), 'Of new connections, 0 to 1.'),
  outcome: described(
    z.enum(['endpoint', 'untouched', 'dropped', 'refused', 'unknown']),
    'endpoint: sent to one by DNAT. untouched: it goes where it was sent to, and no rule has changed that.',
  ),
  address: described(z.nullable(z.string()), 'Where it goes; null where it goes nowhere.'),
  port: z.nullable(z.int()),
  node: described(z.nullable(z.string()), "The endpoint's node; null where that is not known."),
  masqueraded: described(z.boolean(), 'Whether its source becomes the address of the node.'),
  steps: described(z.readonly(z.array(stepSchema)), 'The rules that this branch alone meets.'),
});

export const waySchema = z.strictObject({
  service: described(
    z.nullable(z.string()),
    'namespace/name, or namespace/name:port; null where no service has a part.',
  ),
  entry: described(
    z.nullable(z.enum(['clusterIP', 'externalIP', 'loadBalancerIP', 'nodePort'])),
    'What of the service the destination is.',
  ),
  protocol: z.enum(['tcp', 'udp', 'sctp']),
  to: z.strictObject({ address: z.string(), port: z.int() }),
  from: z.strictObject({
    who: z.enum(['outside', 'node', 'pod']),
    address: z.string(),
    interface: described(
      z.nullable(z.string()),
      'By which it comes in, a guess; null for what the node itself sends.',
    ),
  }),
  verdict: described(
    z.enum(['through', 'partly', 'blocked', 'unknown']),
    'Whether new connections get to an endpoint: all, some, none; or it cannot be told.',
  ),
  before: described(z.readonly(z.array(stepSchema)), 'The rules that all branches meet, in their order.'),
  branches: z.readonly(z.array(branchSchema)),
  after: described(z.readonly(z.array(stepSchema)), 'The rules that all branches meet in the end.'),
  findings: z.readonly(z.array(findingSchema)),
});

export const explainReportSchema = z.strictObject({
  node: described(z.string(), "The node's name; empty where none is known."),
  rulesOf: described(z.string(), 'Where the rules come from: a layout, the kernel, or the name of a file.'),
  question: described(z.string(), 'The service, or the address and port.'),
  verdict: described(z.enum(['through', 'partly', 'blocked', 'unknown']), 'The worst of all ways.'),
  findings: described(
    z.readonly(z.array(findingSchema)),
    'About the service as a whole, where it has no ways.',
  ),
  ways: z.readonly(z.array(waySchema)),
});

export type StepEntry = Readonly<z.infer<typeof stepSchema>>;
export type BranchEntry = Readonly<z.infer<typeof branchSchema>>;
export type WayEntry = Readonly<z.infer<typeof waySchema>>;
export type ExplainReport = Readonly<z.infer<typeof explainReportSchema>>;
