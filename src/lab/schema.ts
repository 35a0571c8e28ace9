import * as z from 'zod/mini';
import { described } from '../json/described.ts';

/*
 * What `lab --output json` prints. Fields may be added in later releases; none changes its meaning or
 * goes away.
 */

const count = z.int().check(z.minimum(0));
const share = z.number().check(z.minimum(0), z.maximum(1));
const endpoint = described(z.string(), 'address:port');

const expectationSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('arrives'),
    at: z.readonly(
      z.array(
        z.strictObject({
          endpoint,
          share,
          source: described(
            z.enum(['own', 'node']),
            "The address that the endpoint sees: the asker's own, or the node's.",
          ),
        }),
      ),
    ),
    sticky: described(z.boolean(), 'All requests of one source arrive at the same endpoint.'),
  }),
  z.strictObject({ kind: z.literal('refused') }),
  z.strictObject({ kind: z.literal('dropped') }),
  described(z.strictObject({ kind: z.literal('leaves') }), 'No rule is for it.'),
]);

export const labCheckSchema = z.strictObject({
  service: described(z.string(), 'namespace/name, or namespace/name:port where the port has a name.'),
  destination: z.strictObject({
    kind: z.enum(['clusterIP', 'nodePort', 'externalIP', 'loadBalancerIP']),
    address: z.string(),
    port: z.int(),
    protocol: z.enum(['tcp', 'udp']),
  }),
  from: z.strictObject({ kind: z.enum(['outside', 'node', 'pod']), address: z.string() }),
  expected: expectationSchema,
  requests: count,
  seen: z.readonly(
    z.array(
      z.strictObject({
        at: described(z.string(), "An endpoint, or refused, timeout, or the system's code of an error."),
        count,
        sources: described(z.readonly(z.array(z.string())), 'Source addresses that the endpoint saw.'),
        share,
      }),
    ),
  ),
  complaints: described(z.readonly(z.array(z.string())), 'What is wrong, a sentence each.'),
  wonBy: described(
    z.nullable(z.string()),
    'The service that got the requests, where it is another one that claims the destination too.',
  ),
  ok: z.boolean(),
});

export const labReportSchema = z.strictObject({
  node: z.string(),
  backend: z.enum(['nft', 'legacy']),
  notes: described(z.readonly(z.array(z.string())), 'What the lab does not play, and why.'),
  ok: described(z.boolean(), 'Whether all checks are.'),
  checks: z.readonly(z.array(labCheckSchema)),
});

export type LabReport = Readonly<z.infer<typeof labReportSchema>>;
