import type { Delta } from '../iptables/delta.ts';
import { isNothingToDo, type Plan } from '../iptables/plan.ts';
import type { Damage, FullReason, TableCounts } from './observer.ts';

/** What others had done to our rules, as a sync shows that found nothing changed in the cluster. */
export function damage(reason: FullReason, changes: Plan): Damage | undefined {
  if ((reason !== 'check' && reason !== 'flush') || isNothingToDo(changes)) return undefined;
  if (reason === 'flush') return 'flush';
  return changes.some(({ writeCount, remove }) => writeCount + remove.length > 0) ? 'chain' : 'jump';
}

/** A delta's chains and edited dispatch rules, by table. */
export function deltaCounts({ write, remove, insert, drop }: Delta): TableCounts {
  const edits = (table: string) => ({
    written: insert.filter((edit) => edit.table === table).length,
    removed: drop.filter((edit) => edit.table === table).length,
  });
  const nat = edits('nat');
  return {
    filter: edits('filter'),
    nat: { written: nat.written + write.length, removed: nat.removed + remove.length },
  };
}
