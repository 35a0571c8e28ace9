import type { TableName } from '../chains/rule.ts';
import type { Delta } from '../iptables/delta.ts';
import { isNothingToDo, type Plan } from '../iptables/plan.ts';
import type { Route } from '../routing/route.ts';
import type { ServiceRoutes } from '../routing/routes.ts';
import type { Damage, FullReason, TableCounts } from './observer.ts';

/** What others had done to our rules, as a sync shows that found nothing changed in the cluster. */
export function damage(reason: FullReason, changes: Plan): Damage | undefined {
  if ((reason !== 'check' && reason !== 'flush') || isNothingToDo(changes)) return undefined;
  if (reason === 'flush') return 'flush';
  return changes.some(({ writeCount, remove }) => writeCount + remove.length > 0) ? 'chain' : 'jump';
}

/** A delta's chains and edited dispatch rules, by table. */
export function deltaCounts({ write, remove, insert, drop }: Delta): TableCounts {
  const count = (table: TableName) => ({
    written: [...write, ...insert].filter((part) => part.table === table).length,
    removed: [...remove, ...drop].filter((part) => part.table === table).length,
  });
  return { filter: count('filter'), nat: count('nat') };
}

export function routesOfServices(services: readonly (ServiceRoutes | undefined)[]): readonly Route[] {
  return services.flatMap((service) => service?.routes ?? []);
}
