/** What of a rule's text decides its place and its words in a picture. A leading `! ` means not. */
export interface RuleFacts {
  /** Empty where the rule has none. */
  readonly comment: string;
  readonly source: string | undefined;
  readonly destination: string | undefined;
  readonly inInterface: string | undefined;
  readonly protocol: string | undefined;
  /** `80`, or `30000:30127`. */
  readonly ports: string | undefined;
  /** Of `-m statistic`: 0 to 1. */
  readonly chance: number | undefined;
  /** Which side must be an address of this node. */
  readonly local: 'source' | 'destination' | undefined;
  readonly states: string | undefined;
  /** `0x4000/0x4000`. */
  readonly mark: string | undefined;
  /** Of the target MARK. */
  readonly setMark: string | undefined;
  /** `--rcheck`: the client must be remembered. */
  readonly seen: boolean;
  /** Seconds that `-m recent` remembers. */
  readonly seconds: number | undefined;
  /** `--set`: the client will be remembered. */
  readonly remembers: boolean;
  /** Matches that we have no words for, as they stand. */
  readonly others: readonly string[];
  /** A chain, or what iptables does; empty where the rule only counts. */
  readonly target: string;
  /** `10.32.0.3:80`, of DNAT. */
  readonly endpoint: string | undefined;
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };
type Draft = Mutable<Omit<RuleFacts, 'others'>> & { readonly others: string[] };

type Reader = (draft: Draft, value: string) => void;

const NOTHING: Reader = () => undefined;

/** Flags that take a value. Of some the value tells nothing worth a picture. */
const VALUED = new Map<string, Reader>([
  ['-s', (draft, value) => (draft.source = value)],
  ['-d', (draft, value) => (draft.destination = value)],
  ['-i', (draft, value) => (draft.inInterface = value)],
  ['-p', (draft, value) => (draft.protocol = value)],
  ['-j', (draft, value) => (draft.target = value)],
  ['-g', (draft, value) => (draft.target = value)],
  ['-m', NOTHING],
  ['--comment', (draft, value) => (draft.comment = value)],
  ['--dport', (draft, value) => (draft.ports = value)],
  ['--mode', NOTHING],
  ['--probability', (draft, value) => (draft.chance = Number(value))],
  ['--ctstate', (draft, value) => (draft.states = value)],
  ['--mark', (draft, value) => (draft.mark = value)],
  ['--src-type', (draft, value) => addressType(draft, 'source', value)],
  ['--dst-type', (draft, value) => addressType(draft, 'destination', value)],
  ['--seconds', (draft, value) => (draft.seconds = Number(value))],
  ['--name', NOTHING],
  ['--mask', NOTHING],
  ['--to-destination', (draft, value) => (draft.endpoint = value)],
  ['--set-xmark', (draft, value) => (draft.setMark = value)],
  ['--reject-with', NOTHING],
]);

/** Flags that stand alone. */
const BARE = new Map<string, Reader>([
  ['--rcheck', (draft) => (draft.seen = true)],
  ['--set', (draft) => (draft.remembers = true)],
  ['--reap', NOTHING],
  ['--rsource', NOTHING],
  ['--random-fully', NOTHING],
]);

function addressType(draft: Draft, side: 'source' | 'destination', value: string): void {
  if (value === 'LOCAL') draft.local = side;
  else draft.others.push(`${side} is ${value}`);
}

/** Reads any text: what it does not know stands among `others`. */
export function ruleFacts(text: string): RuleFacts {
  const draft = emptyDraft();
  const words = tokens(text);
  let not = '';
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word === '!') {
      not = '! ';
      continue;
    }
    const valued = VALUED.get(word);
    const bare = BARE.get(word);
    if (bare !== undefined) bare(draft, '');
    else if (valued !== undefined) {
      index += 1;
      valued(draft, not + (words[index] ?? ''));
    } else {
      const end = endOfMatch(words, index);
      draft.others.push(not + words.slice(index, end).join(' '));
      index = end - 1;
    }
    not = '';
  }
  return draft;
}

function emptyDraft(): Draft {
  return {
    comment: '',
    source: undefined,
    destination: undefined,
    inInterface: undefined,
    protocol: undefined,
    ports: undefined,
    chance: undefined,
    local: undefined,
    states: undefined,
    mark: undefined,
    setMark: undefined,
    seen: false,
    seconds: undefined,
    remembers: false,
    others: [],
    target: '',
    endpoint: undefined,
  };
}

/** A flag that we do not know keeps the words that follow, up to the next flag. */
function endOfMatch(words: readonly string[], start: number): number {
  let end = start + 1;
  while (end < words.length && !/^(?:-|!$)/.test(words[end] ?? '')) end += 1;
  return end;
}

/** The words of a rule, quotes taken off. */
function tokens(text: string): readonly string[] {
  if (!text.includes('"')) return text.split(/\s+/).filter((word) => word !== '');
  const found = text.match(/"(?:[^"\\]|\\[^])*"?|[^\s"]+/g) ?? [];
  return found.map((word) =>
    word.startsWith('"') ? word.replace(/^"|"$/g, '').replace(/\\([^])/g, '$1') : word,
  );
}

/** Whether a rule is about some clients only, or about packets of a state that not all have. */
export function isForSomeClients({ source, inInterface, local, mark, seen, others }: RuleFacts): boolean {
  return (
    [source, inInterface, mark].some((part) => part !== undefined) ||
    local === 'source' ||
    seen ||
    others.length > 0
  );
}

/** Whether a rule is about some destinations only, or some states of a connection. */
export function isForSomeDestinations({ destination, ports, local, states }: RuleFacts): boolean {
  return [destination, ports, states].some((part) => part !== undefined) || local === 'destination';
}

/** A single port, as the rules of service ports have; not the ranges of a tree. */
export function isOfOnePort({ ports }: RuleFacts): boolean {
  return ports !== undefined && /^\d+$/.test(ports);
}
