import * as z from 'zod/mini';
import { described } from '../json/described.ts';

/*
 * What the running daemon answers at /status, and `status --output json` prints. Fields may be added in later
 * releases; none changes its meaning or goes away.
 */

const count = z.int().check(z.minimum(0));
const family = z.enum(['ipv4', 'ipv6']);
const layout = z.enum(['classic', 'indexed']);
const moment = z.string();
const seconds = z.number().check(z.minimum(0));

const syncSchema = z.strictObject({
  at: described(moment, 'When it ended.'),
  seconds,
  reason: described(
    z.enum(['start', 'node', 'layout', 'failure', 'flush', 'check', 'change']),
    'Why. start: the first one. node: the node changed. failure: one before had failed. flush: rules were gone. check: to compare with the kernel. change: of services or endpoints.',
  ),
  written: described(count, 'Chains; of a delta also single rules that lead to them.'),
  deleted: count,
});

const failureSchema = z.strictObject({
  since: described(moment, 'When it failed first since the last sync that succeeded.'),
  at: described(moment, 'When it failed last.'),
  times: count,
  error: z.string(),
  retryInSeconds: described(z.nullable(seconds), 'null while it is tried.'),
});

const familySchema = z.strictObject({
  family,
  backend: z.enum(['nft', 'legacy']),
  state: described(
    z.enum(['waiting', 'inSync', 'pending', 'late', 'failed']),
    'waiting: nothing was written yet. pending: changes are on their way. late: they have been for twice the sync period. failed: they could not be written, and are tried again.',
  ),
  layout: z.strictObject({
    inForce: described(z.nullable(layout), 'What the kernel holds; null before the first sync.'),
    wanted: layout,
    why: z.string(),
  }),
  services: described(count, 'Whose rules the kernel holds, as are the counts that follow.'),
  servicePorts: count,
  endpoints: described(count, 'That this node sends traffic to, counted for each service port.'),
  rules: described(
    z.nullable(z.strictObject({ filter: count, nat: count })),
    'Of ours; null before the first sync.',
  ),
  lastFull: described(
    z.nullable(syncSchema),
    'The last sync that went through everything and succeeded; a delta wrote only what changed.',
  ),
  lastDelta: z.nullable(syncSchema),
  pending: z.strictObject({
    services: described(count, 'With changes that the kernel does not have yet.'),
    everything: described(z.boolean(), 'Whether the next sync goes through everything.'),
    since: described(z.nullable(moment), 'When the oldest waiting change came.'),
  }),
  failure: described(z.nullable(failureSchema), 'null unless the last sync failed.'),
  driftRepairs: z.strictObject({
    count: described(count, 'Since the start: how often rules that others had changed were repaired.'),
    last: described(
      z.nullable(z.strictObject({ at: moment, damage: z.enum(['flush', 'chain', 'jump']) })),
      'flush: tables were emptied. chain: chains were changed. jump: nothing led to our chains.',
    ),
  }),
});

const sourceSchema = z.strictObject({
  kind: z.enum(['api', 'directory']),
  where: described(z.string(), 'The address of the server, or the path of the directory.'),
  state: described(
    z.enum(['waiting', 'following', 'reconnecting']),
    'waiting: not everything has been told yet, and no rule is written. reconnecting: it cannot be followed at the moment; what is known stays in force.',
  ),
  syncedAt: described(z.nullable(moment), 'When it had told everything for the first time.'),
  lastHeard: described(z.nullable(moment), 'When anything came, signs of life among them.'),
  lastChange: described(z.nullable(moment), 'When something came that differed.'),
  faults: described(
    z.readonly(z.array(z.strictObject({ what: z.string(), since: moment, error: z.string() }))),
    'What keeps it from being followed now, by kind of object.',
  ),
});

const serviceTroubleSchema = z.strictObject({
  service: described(z.string(), 'namespace/name, or namespace/name:port where it is of a named port.'),
  families: z.readonly(z.array(family)),
  severity: described(
    z.enum(['trouble', 'note']),
    'A note is worth knowing, but may well be as it should be.',
  ),
  code: described(
    z.string(),
    'unproven, refusedByKernel, portTaken, healthCheckPort, or the cause that `explain` names.',
  ),
  text: z.string(),
  remedy: described(z.nullable(z.string()), 'What most likely mends it.'),
});

export const statusReportSchema = z.strictObject({
  version: z.string(),
  node: z.string(),
  at: described(moment, 'When this was told, as all moments in ISO 8601.'),
  startedAt: moment,
  verdict: described(
    z.enum(['healthy', 'starting', 'trouble']),
    'starting: nothing is wrong, but the rules were not written yet.',
  ),
  layout: z.strictObject({
    chosen: described(z.enum(['auto', 'classic', 'indexed']), 'By the flag --layout.'),
    comments: z.enum(['auto', 'always', 'never']),
  }),
  verify: described(
    z.enum(['off', 'sample', 'always']),
    'By the flag --verify: of which services rules are proven before they are written.',
  ),
  cluster: described(
    z.strictObject({ services: count, servicePorts: count }),
    'All that the source told, those among them that no proxy serves.',
  ),
  source: sourceSchema,
  families: z.readonly(z.array(familySchema)),
  troubles: described(
    z.readonly(z.array(serviceTroubleSchema)),
    'Of services, the worst first; at most 100.',
  ),
  troublesTotal: described(count, 'How many there would be without the limit.'),
  memory: z.strictObject({
    residentBytes: count,
    heapBytes: described(count, 'Of the heap, what is in use.'),
  }),
});

export type StatusReport = Readonly<z.infer<typeof statusReportSchema>>;
export type FamilyStatus = StatusReport['families'][number];
export type SourceStatus = StatusReport['source'];
export type SyncStatus = NonNullable<FamilyStatus['lastFull']>;
export type ServiceTrouble = StatusReport['troubles'][number];
