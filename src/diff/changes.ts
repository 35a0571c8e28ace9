import { endpointWords, durationWords, otherwiseWords } from './words.ts';
import type { EntryMeaning, Way, Who } from './meaning.ts';

/** One thing that is another now. */
export interface Change {
  readonly kind:
    'service' | 'endpoints' | 'fate' | 'masquerade' | 'policy' | 'affinity' | 'sources' | 'hairpin';
  /** Whom it concerns; null: all. */
  readonly who: Who | null;
  /** Whether clients may notice it as trouble. */
  readonly grave: boolean;
  readonly words: string;
}

/** What differs between two meanings of one address and port; empty where nothing does. */
export function changesOf(before: EntryMeaning, after: EntryMeaning): readonly Change[] {
  return [
    ...serviceChanges(before, after),
    ...wayChanges(before, after),
    ...masqueradeChanges(before, after),
    ...policyChanges(before, after),
    ...affinityChanges(before, after),
    ...sourceChanges(before, after),
    ...hairpinChanges(before, after),
  ];
}

function serviceChanges(before: EntryMeaning, after: EntryMeaning): readonly Change[] {
  // Rules without comments do not tell.
  if (before.service === '' || after.service === '' || before.service === after.service) return [];
  return [change('service', null, true, `of ${after.service}, no longer of ${before.service}`)];
}

const EVERYBODY: readonly Who[] = ['outside', 'pod', 'node', 'stranger'];

/** The asker that an entry is there for. */
function mainAsker({ kind }: EntryMeaning): Who {
  return kind === 'clusterIP' ? 'pod' : 'outside';
}

function wayChanges(before: EntryMeaning, after: EntryMeaning): readonly Change[] {
  const main = mainAsker(after);
  const [oldMain, nowMain] = [wayKey(before.ways[main]), wayKey(after.ways[main])];
  return [main, ...EVERYBODY.filter((who) => who !== main)].flatMap((who): readonly Change[] => {
    const [old, now] = [before.ways[who], after.ways[who]];
    if (old === undefined || now === undefined || wayKey(old) === wayKey(now)) return [];
    // Said once, of whom it matters most to.
    if (who !== main && wayKey(old) === oldMain && wayKey(now) === nowMain) return [];
    const about = who === main ? '' : `${ASKERS[who]}: `;
    const isDealt = old.otherwise.length === 0 && now.otherwise.length === 0;
    if (isDealt) return [change('endpoints', who, false, about + endpointWords(old, now))];
    const grave = now.otherwise.length > 0;
    return [change('fate', who, grave, about + otherwiseWords(old, now, isElsewhere(after, who)))];
  });
}

const ASKERS: Readonly<Record<Who, string>> = {
  outside: 'clients from outside',
  pod: 'pods of this node',
  node: 'the node itself',
  stranger: 'who is in no source range',
};

function wayKey(way: Way | undefined): string {
  if (way === undefined) return '';
  return JSON.stringify([way.endpoints, way.otherwise]);
}

/** Whether others still get to endpoints, so that there are some. */
function isElsewhere({ ways }: EntryMeaning, who: Who): boolean {
  return EVERYBODY.some((other) => other !== who && (ways[other]?.endpoints.length ?? 0) > 0);
}

function masqueradeChanges(before: EntryMeaning, after: EntryMeaning): readonly Change[] {
  return EVERYBODY.flatMap((who): readonly Change[] => {
    const [old, now] = [before.ways[who], after.ways[who]];
    if (old === undefined || now === undefined || old.masquerade === now.masquerade) return [];
    if (old.endpoints.length === 0 || now.endpoints.length === 0) return [];
    return [change('masquerade', who, false, masqueradeWords(who, now.masquerade))];
  });
}

function masqueradeWords(who: Who, now: Way['masquerade']): string {
  const isOutside = who === 'outside' || who === 'stranger';
  const subject = isOutside ? '' : `${ASKERS[who]}: `;
  switch (now) {
    case 'none':
      return `${subject}no longer masquerades: ${isOutside ? 'client' : 'their'} addresses become visible`;
    case 'all':
      return `${subject}masquerades now: endpoints see the node's address instead of the ${isOutside ? "client's" : "asker's"}`;
    case 'some':
      return `${subject}masquerades on the way to some endpoints only`;
  }
}

/**
 * Whom the outside gets to tells the policy: by Local, its address is kept, while the node's own requests are
 * masqueraded all the same. Where neither is, a rule is missing, and nothing tells.
 */
function policyOf({ kind, ways, sourceRanges }: EntryMeaning): 'Cluster' | 'Local' | undefined {
  const { outside, node } = ways;
  if (kind === 'clusterIP' || outside === undefined) return undefined;
  if (outside.endpoints.length > 0) {
    if (outside.masquerade !== 'none') return 'Cluster';
    return node === undefined || node.masquerade === 'none' ? undefined : 'Local';
  }
  const isSilent = outside.otherwise.some(({ fate }) => fate === 'dropped');
  return isSilent && sourceRanges.length === 0 && (node?.endpoints.length ?? 0) > 0 ? 'Local' : undefined;
}

function policyChanges(before: EntryMeaning, after: EntryMeaning): readonly Change[] {
  const [old, now] = [policyOf(before), policyOf(after)];
  if (old === undefined || now === undefined || old === now) return [];
  const words =
    now === 'Local'
      ? 'external traffic policy Local: nodes without a local endpoint will drop'
      : 'external traffic policy Cluster: every node answers';
  return [change('policy', 'outside', now === 'Local', words)];
}

function affinityChanges(before: EntryMeaning, after: EntryMeaning): readonly Change[] {
  const [old, now] = [before.affinitySeconds, after.affinitySeconds];
  // Where there is nobody else to go to, rules need not say that clients come back.
  if (old === now || !hasChoice(before) || !hasChoice(after)) return [];
  if (old === undefined) return [affinity(`session affinity ${durationWords(now ?? 0)} added`)];
  if (now === undefined) return [affinity(`session affinity ${durationWords(old)} removed`)];
  return [affinity(`session affinity ${durationWords(old)} -> ${durationWords(now)}`)];
}

function affinity(words: string): Change {
  return change('affinity', null, false, words);
}

function hasChoice({ ways }: EntryMeaning): boolean {
  return Object.values(ways).some(({ endpoints }) => endpoints.length > 1);
}

function isDead({ ways }: EntryMeaning): boolean {
  return Object.values(ways).every(({ endpoints }) => endpoints.length === 0);
}

function sourceChanges(before: EntryMeaning, after: EntryMeaning): readonly Change[] {
  const [old, now] = [before.sourceRanges.join(', '), after.sourceRanges.join(', ')];
  if (old === now || isDead(before) || isDead(after)) return [];
  if (now === '') return [change('sources', null, false, `everybody may come in, no longer only ${old}`)];
  const past = old === '' ? '' : `, before ${old}`;
  return [change('sources', null, true, `only ${now} may come in${past}`)];
}

function hairpinChanges(before: EntryMeaning, after: EntryMeaning): readonly Change[] {
  if (before.reachesItself === after.reachesItself) return [];
  const words = after.reachesItself
    ? 'endpoints reach themselves again'
    : 'endpoints that ask for themselves get no answer: nothing masquerades them';
  return [change('hairpin', null, !after.reachesItself, words)];
}

function change(kind: Change['kind'], who: Who | null, grave: boolean, words: string): Change {
  return { kind, who, grave, words };
}
