import * as z from 'zod/mini';

/*
 * What `ports --output json` prints. Fields may be added in later releases; none changes its meaning or
 * goes away.
 */

const port = z.int().check(z.minimum(1), z.maximum(65_535));
const count = z.int().check(z.minimum(0));

const described = <Schema extends z.ZodMiniType>(schema: Schema, text: string): Schema =>
  schema.check(z.describe(text));

/** How one family serves a node port. */
export const portFamilySchema = z.strictObject({
  family: z.enum(['ipv4', 'ipv6']),
  fate: described(
    z.enum(['forwarded', 'refused', 'dropped', 'healthy', 'unhealthy']),
    'What becomes of a new connection from outside: forwarded to an endpoint; refused, since the service has none; dropped, since none is on this node and the policy is Local. A health-check port answers 200 (healthy) or 503 (unhealthy).',
  ),
  endpoints: z.strictObject({
    local: described(count, 'On this node, and taking traffic of this port.'),
    total: described(
      z.nullable(count),
      'All to which this node sends traffic of this port. null for health checks.',
    ),
  }),
  rule: described(
    z.nullable(z.enum(['present', 'missing', 'foreign'])),
    'Whether the kernel has the rule that decides; foreign where it is of another service. null where the kernel was not asked.',
  ),
  packets: described(
    z.nullable(count),
    'First packets of connections that met the rule which forwards, or lets health checks in.',
  ),
  turnedAway: described(
    z.nullable(count),
    'First packets of connections that met the rule which refuses or drops.',
  ),
});

export const portListenerSchema = z.strictObject({
  address: described(z.string(), 'What the socket is bound to; 0.0.0.0 and :: are all addresses.'),
  process: described(
    z.nullable(z.strictObject({ pid: count, command: z.string() })),
    'null where it cannot be seen.',
  ),
  taken: described(
    z.enum(['yes', 'perhaps', 'no']),
    'Whether the service takes what is meant for this process. perhaps: a socket on :: may or may not take IPv4.',
  ),
});

export const portEntrySchema = z.strictObject({
  port,
  protocol: z.enum(['tcp', 'udp', 'sctp']),
  use: z.enum(['traffic', 'healthChecks']),
  service: described(z.string(), 'namespace/name, or namespace/name:port where the port has a name.'),
  externalTrafficPolicy: z.enum(['Cluster', 'Local']),
  families: z.readonly(z.array(portFamilySchema)),
  listeners: described(
    z.nullable(z.readonly(z.array(portListenerSchema))),
    'Processes of the host that listen on the port. null where nobody looked.',
  ),
  ephemeral: described(
    z.nullable(z.boolean()),
    'Whether the kernel may give the port to an outgoing connection of the node. null where nobody looked.',
  ),
  alsoClaimedBy: described(z.readonly(z.array(z.string())), 'Other services with the same port.'),
});

export const portsReportSchema = z.strictObject({
  node: described(z.string(), "The node's name; empty where none is known."),
  live: described(z.boolean(), 'Whether this machine was looked at, or only the cluster.'),
  backend: described(
    z.nullable(z.enum(['nft', 'legacy'])),
    'Where the counters come from; null without counters.',
  ),
  answersOn: described(z.readonly(z.array(z.string())), "The node's addresses on which node ports answer."),
  ports: described(z.readonly(z.array(portEntrySchema)), 'By port, protocol and service.'),
  ephemeral: described(
    z.nullable(z.strictObject({ ports: z.readonly(z.array(port)), sysctl: z.string() })),
    'Node ports that outgoing connections may be given, and the line for sysctl.conf that mends it.',
  ),
});

export type PortFamily = Readonly<z.infer<typeof portFamilySchema>>;
export type PortListener = Readonly<z.infer<typeof portListenerSchema>>;
export type PortEntry = Readonly<z.infer<typeof portEntrySchema>>;
export type PortsReport = Readonly<z.infer<typeof portsReportSchema>>;
