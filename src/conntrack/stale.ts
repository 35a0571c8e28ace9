import type { Entry } from './entry.ts';
import { frontendsOf, indexFrontends } from './frontends.ts';
import { subjectsOf, type ConntrackScene, type Subject } from './subjects.ts';
import { endpointText, verdictOn, type StaleReason } from './verdict.ts';

export interface StaleEntry {
  readonly entry: Entry;
  readonly reason: StaleReason;
}

export interface StaleEntries {
  readonly stale: readonly StaleEntry[];
  /** Entries that stay although others of the same service port go: what deletes those must spare these. */
  readonly kept: readonly Entry[];
}

/** Which entries the rules of now would not have made, and must not live on. */
export function staleEntries(entries: Iterable<Entry>, scene: ConntrackScene): StaleEntries {
  const search = searchStale(subjectsOf(scene), scene.ownAddresses);
  for (const entry of entries) search.see(entry);
  return search.result();
}

/** The same for entries that come one at a time, of which only those that matter are held. */
export interface StaleSearch {
  readonly see: (entry: Entry) => void;
  readonly result: () => StaleEntries;
}

export function searchStale(subjects: readonly Subject[], ownAddresses: ReadonlySet<string>): StaleSearch {
  const index = indexFrontends(subjects);
  const stale: StaleEntry[] = [];
  const kept: Entry[] = [];
  /** By service port and client. */
  const perhapsSpread = new Map<Subject, Map<string, Entry[]>>();

  const entriesOfClient = (subject: Subject, client: string): Entry[] => {
    const clients = perhapsSpread.get(subject) ?? new Map<string, Entry[]>();
    perhapsSpread.set(subject, clients);
    const entries = clients.get(client) ?? [];
    clients.set(client, entries);
    return entries;
  };

  const see = (entry: Entry): void => {
    const frontends = frontendsOf(index, entry);
    const verdict = verdictOn(entry, frontends, ownAddresses);
    if (verdict === 'untouched') return;
    if (verdict === 'kept') {
      kept.push(entry);
    } else if (verdict === 'perhapsSpread') {
      const frontend = frontends.find(({ subject }) => subject.policy?.tightening.affinity);
      if (frontend !== undefined) entriesOfClient(frontend.subject, entry.original.source).push(entry);
    } else {
      stale.push({ entry, reason: verdict });
    }
  };

  const result = (): StaleEntries => {
    const ofClients = [...perhapsSpread.values()].flatMap((clients) => [...clients.values()]);
    const isSpread = (entries: readonly Entry[]): boolean => new Set(entries.map(endpointText)).size > 1;
    return {
      stale: [
        ...stale,
        ...ofClients
          .filter(isSpread)
          .flat()
          .map((entry) => ({ entry, reason: 'affinity' as const })),
      ],
      kept: [...kept, ...ofClients.filter((entries) => !isSpread(entries)).flat()],
    };
  };
  return { see, result };
}
