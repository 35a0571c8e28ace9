import * as z from 'zod/mini';
import {
  address,
  cidr,
  flag,
  ipFamily,
  label,
  labels,
  listOf,
  oneOf,
  optional,
  port,
  portName,
  portOrUnset,
  protocol,
  subdomain,
  text,
  wholeNumber,
} from './fields.ts';

/* The fields we read, as they stand in manifests and in the API server's answers; others are let pass. */

const trafficPolicy = oneOf(['Cluster', 'Local']);

const serviceMetadata = z.object({ name: label, namespace: optional(label), labels });

export const serviceSchema = z.object({
  metadata: serviceMetadata,
  spec: z.object({
    type: optional(oneOf(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'])),
    clusterIP: optional(
      z.union([z.enum(['', 'None']), address], { error: 'an IP address, None or an empty text' }),
    ),
    clusterIPs: listOf(z.union([z.enum(['None']), address], { error: 'an IP address or None' })),
    ipFamilies: listOf(ipFamily),
    ports: listOf(
      z.object({
        name: optional(portName),
        protocol: optional(protocol),
        port,
        targetPort: optional(
          z.union([portOrUnset, text('')], { error: 'a port from 1 to 65535 or the name of one' }),
        ),
        nodePort: optional(portOrUnset),
      }),
    ),
    externalIPs: listOf(address),
    loadBalancerSourceRanges: listOf(cidr),
    sessionAffinity: optional(oneOf(['None', 'ClientIP'])),
    sessionAffinityConfig: optional(
      z.object({
        clientIP: optional(
          z.object({ timeoutSeconds: optional(wholeNumber(1, 86400, 'a number of seconds')) }),
        ),
      }),
    ),
    externalTrafficPolicy: optional(z.union([z.literal(''), trafficPolicy], { error: policyError })),
    internalTrafficPolicy: optional(trafficPolicy),
    healthCheckNodePort: optional(portOrUnset),
  }),
  status: optional(
    z.object({
      loadBalancer: optional(
        z.object({
          ingress: listOf(
            z.object({
              ip: optional(z.union([z.literal(''), address], { error: 'an IP address' })),
              hostname: optional(text('a host name')),
              ipMode: optional(oneOf(['VIP', 'Proxy'])),
            }),
          ),
        }),
      ),
    }),
  ),
});

export type RawService = z.infer<typeof serviceSchema>;

/** The API server leaves externalTrafficPolicy empty where it means nothing. */
function policyError({ input }: { readonly input?: unknown }): string {
  return trafficPolicy.safeParse(input).error?.issues[0]?.message ?? 'Cluster or Local';
}

const conditions = z.object({
  ready: optional(flag),
  serving: optional(flag),
  terminating: optional(flag),
});

const hint = z.object({ name: text('a name') });

export const endpointSliceSchema = z.object({
  metadata: z.object({ name: subdomain, namespace: optional(label), labels, annotations: labels }),
  addressType: oneOf(['IPv4', 'IPv6', 'FQDN']),
  endpoints: listOf(
    z.object({
      addresses: z.array(text('an address')).check(z.minLength(1, { error: 'at least one address' })),
      conditions: optional(conditions),
      nodeName: optional(subdomain),
      hints: optional(z.object({ forZones: listOf(hint), forNodes: listOf(hint) })),
    }),
  ),
  ports: listOf(
    z.object({ name: optional(portName), protocol: optional(protocol), port: optional(portOrUnset) }),
  ),
});

export type RawEndpointSlice = z.infer<typeof endpointSliceSchema>;

export const nodeSchema = z.object({
  metadata: z.object({ name: subdomain, labels, deletionTimestamp: optional(text('a time')) }),
  spec: optional(
    z.object({ podCIDRs: listOf(cidr), taints: listOf(z.object({ key: text('the key of a taint') })) }),
  ),
  status: optional(
    z.object({
      addresses: listOf(z.object({ type: text('a type of address'), address: text('an address') })),
    }),
  ),
});

export type RawNode = z.infer<typeof nodeSchema>;
