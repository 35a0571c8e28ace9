import * as z from 'zod/mini';
import { described } from '../json/described.ts';

/*
 * What `diff --output json` prints. Fields may be added in later releases; none changes its meaning or goes
 * away.
 */

const waySchema = z.strictObject({
  endpoints: z.readonly(
    z.array(
      z.strictObject({
        to: described(z.string(), 'address:port.'),
        share: described(z.string(), 'Of 1: 1, 1/3, or decimals where it is no such part.'),
      }),
    ),
  ),
  masquerade: described(
    z.enum(['all', 'none', 'some']),
    'Whether endpoints see an address of the node instead of the asker.',
  ),
  otherwise: described(
    z.readonly(
      z.array(
        z.strictObject({
          fate: z.enum(['refused', 'dropped', 'leftAlone', 'unknown']),
          share: z.string(),
          part: described(z.string(), 'Of an unknown fate: what is not modelled. Else empty.'),
        }),
      ),
    ),
    'What becomes of packets that no endpoint gets.',
  ),
});

const entrySchema = z.strictObject({
  kind: z.enum(['clusterIP', 'externalIP', 'loadBalancerIP', 'nodePort']),
  family: z.enum(['ipv4', 'ipv6']),
  protocol: z.enum(['tcp', 'udp', 'sctp']),
  address: described(z.nullable(z.string()), 'null of a node port.'),
  port: z.number(),
  service: described(z.string(), 'namespace/name, or namespace/name:port; empty where rules do not tell.'),
  ways: described(
    z.strictObject({
      outside: waySchema,
      pod: waySchema,
      node: waySchema,
      stranger: z.nullable(waySchema),
    }),
    'By who asks. outside: whom source ranges let in, where there are some; stranger: whom they do not.',
  ),
  sourceRanges: described(z.readonly(z.array(z.string())), 'Who may come in; empty is everybody.'),
  affinitySeconds: z.nullable(z.number()),
  reachesItself: described(z.boolean(), 'Whether endpoints that ask for themselves get an answer.'),
});

const changeSchema = z.strictObject({
  kind: z.enum(['service', 'endpoints', 'fate', 'masquerade', 'policy', 'affinity', 'sources', 'hairpin']),
  who: z.nullable(z.enum(['outside', 'pod', 'node', 'stranger'])),
  grave: described(z.boolean(), 'Whether clients may notice it as trouble.'),
  words: z.string(),
});

const stateSchema = z.enum(['added', 'removed', 'changed']);

export const diffReportSchema = z.strictObject({
  from: z.string(),
  to: z.string(),
  same: described(z.boolean(), 'Whether both states mean the same, whatever their rules look like.'),
  node: described(z.readonly(z.array(z.string())), 'What differs for the node as a whole, in words.'),
  services: z.readonly(
    z.array(
      z.strictObject({
        service: described(z.string(), 'namespace/name; empty where rules do not tell.'),
        state: stateSchema,
        entries: z.readonly(
          z.array(
            z.strictObject({
              name: z.string(),
              state: stateSchema,
              changes: z.readonly(z.array(changeSchema)),
              before: z.nullable(entrySchema),
              after: z.nullable(entrySchema),
            }),
          ),
        ),
      }),
    ),
  ),
  rules: described(
    z.nullable(z.readonly(z.array(z.strictObject({ family: z.enum(['ipv4', 'ipv6']), diff: z.string() })))),
    'Unified diffs of the rules in canonical order, of the families where they differ. null without --rules.',
  ),
});

export type DiffReport = Readonly<z.infer<typeof diffReportSchema>>;
export type ReportedEntry = DiffReport['services'][number]['entries'][number];
export type ReportedService = DiffReport['services'][number];
