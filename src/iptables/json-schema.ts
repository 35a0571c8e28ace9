import * as z from 'zod/mini';
import { described } from '../json/described.ts';

/*
 * What `render --output json` prints. Fields, matches and targets may be added in later releases; none
 * changes its meaning or goes away.
 */

const port = z.int().check(z.minimum(1), z.maximum(65_535));
const protocol = z.enum(['tcp', 'udp', 'sctp']);
const family = z.enum(['ipv4', 'ipv6']);
const chain = described(z.string(), 'The name of a chain.');
const mark = described(z.int().check(z.minimum(0), z.maximum(0xffff_ffff)), 'Bits of the packet mark.');
const not = described(z.boolean(), 'Whether the match is turned round.');

const negatable = z.strictObject({ not, value: z.string() });

const matchSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('comment'), text: z.string() }),
  described(
    z.strictObject({ kind: z.literal('protocol'), protocol }),
    'The match of the protocol, with nothing asked of it.',
  ),
  z.strictObject({ kind: z.literal('destinationPort'), protocol, port }),
  described(
    z.strictObject({ kind: z.literal('destinationPorts'), protocol, first: z.int(), last: z.int() }),
    'Both ends included.',
  ),
  z.strictObject({
    kind: z.literal('connectionState'),
    not,
    states: z.readonly(z.array(z.enum(['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'DNAT']))),
  }),
  z.strictObject({ kind: z.literal('mark'), not, mark }),
  described(
    z.strictObject({ kind: z.literal('localAddress'), side: z.enum(['source', 'destination']) }),
    'The address is one of the node.',
  ),
  z.strictObject({
    kind: z.literal('chance'),
    chance: described(
      z.int().check(z.minimum(1), z.maximum(2 ** 31)),
      'A probability in units of 2^-31, as the kernel holds it.',
    ),
  }),
  described(
    z.strictObject({ kind: z.literal('recentlySeen'), list: z.string(), seconds: z.int(), family }),
    'The source was put on the list not longer ago.',
  ),
  described(
    z.strictObject({ kind: z.literal('rememberSource'), list: z.string(), family }),
    'Puts the source on the list; always matches.',
  ),
]);

const targetSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('jump'), chain }),
  z.strictObject({ kind: z.literal('accept') }),
  z.strictObject({ kind: z.literal('drop') }),
  z.strictObject({ kind: z.literal('return') }),
  z.strictObject({ kind: z.literal('reject'), family }),
  z.strictObject({ kind: z.literal('masquerade') }),
  described(z.strictObject({ kind: z.literal('setMark'), mark }), 'Sets these bits.'),
  described(z.strictObject({ kind: z.literal('flipMark'), mark }), 'Turns these bits over.'),
  z.strictObject({ kind: z.literal('dnat'), address: z.string(), port }),
]);

const ruleSchema = z.strictObject({
  text: described(z.string(), 'The rule as iptables-save prints it.'),
  source: z.optional(negatable),
  destination: z.optional(negatable),
  inInterface: z.optional(described(negatable, 'A name, or a prefix that ends in +.')),
  protocol: z.optional(protocol),
  matches: described(z.readonly(z.array(matchSchema)), 'In the order in which the kernel asks them.'),
  target: z.optional(described(targetSchema, 'Missing where the rule only counts.')),
});

export const jumpSchema = z.strictObject({
  from: z.enum(['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']),
  ...ruleSchema.shape,
});

export const chainSchema = z.strictObject({
  name: chain,
  rules: described(z.readonly(z.array(ruleSchema)), 'In the order in which packets meet them.'),
});

export const rulesetSchema = z.strictObject({
  family,
  tables: z.readonly(
    z.array(
      z.strictObject({
        name: z.enum(['filter', 'nat']),
        chains: described(z.readonly(z.array(chainSchema)), 'No jump comes before the chain it leads to.'),
        jumps: described(
          z.readonly(z.array(jumpSchema)),
          "From the kernel's own chains; the first is the first that packets meet.",
        ),
      }),
    ),
  ),
});

export type JsonChain = Readonly<z.infer<typeof chainSchema>>;
export type JsonJump = Readonly<z.infer<typeof jumpSchema>>;
