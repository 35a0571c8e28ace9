import {
  cidrContains,
  networkAddress,
  parseCidr,
  type Address,
  type Cidr,
} from '../../../../src/net/address.ts';
import {
  endpointsOf,
  rulesOf,
  targetOf,
  type Edit,
  type RuleLine,
  type RulesText,
  type Site,
} from './rules-text.ts';

/* Where rules can be spoiled so that some packet must notice. */

export function sites(rules: RulesText, table: RuleLine['table'], pattern: RegExp): readonly Site[] {
  return [...rules.byChain.values()]
    .flat()
    .filter((line) => line.table === table && pattern.test(line.text))
    .sort((a, b) => a.at - b.at);
}

export function remove({ at }: Site): Edit {
  return { at, remove: 1, insert: [] };
}

export function replace({ at, text }: Site, pattern: RegExp | string, by: string): Edit {
  const changed = text.replace(pattern, by);
  if (changed === text) throw new Error(`nothing to replace in ${text}`);
  return { at, remove: 1, insert: [changed] };
}

/** From an address that services have in the nat table to the chains of the service; each key once. */
export function addressRules(rules: RulesText): readonly Site[] {
  const found = sites(rules, 'nat', / -d \S+\/(32|128) -p \w+ .*--dport \d+.* -j KUBE-(SVC|SVL|EXT|FW)-/);
  return found.filter((site) => found.filter((other) => keyOf(other) === keyOf(site)).length === 1);
}

export function nodePortRules(rules: RulesText): readonly Site[] {
  return sites(
    rules,
    'nat',
    /^-A \S+ -p \w+ .*--dport \d+ .*-j KUBE-EXT-|^-A \S+ -p \w+ -m \w+ --dport \d+ -j KUBE-EXT-/,
  );
}

/** In the filter table, of an address or a node port that no other rule of the table is about. */
export function turningAwayRules(rules: RulesText, target: RegExp): readonly Site[] {
  const found = sites(rules, 'filter', /--dport \d+/).filter(({ text }) => !/--dport \d+:/.test(text));
  return found
    .filter((site) => found.filter((other) => keyOf(other) === keyOf(site)).length === 1)
    .filter(({ text }) => target.test(text));
}

function keyOf({ text }: Site): string {
  const [destination] = / -d \S+/.exec(text) ?? [''];
  const [protocol] = / -p \w+/.exec(text) ?? [''];
  const [port] = / --dport \S+/.exec(text) ?? [''];
  return `${destination}${protocol}${port}`;
}

/** All chains that packets can come to which enter this one. */
function chainsFrom(rules: RulesText, chain: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    for (const { text } of rulesOf(rules, 'nat', name)) visit(targetOf(text));
  };
  visit(chain);
  return found;
}

/**
 * Rules that masquerade an endpoint's traffic to itself where nothing else would: by the cluster IP, from a
 * pod of this node.
 */
export function hairpinRules(rules: RulesText): readonly Site[] {
  const { localPods, masqueradeAll } = rules.view;
  if (masqueradeAll || localPods.kind === 'interface') return [];
  const entered = addressRules(rules)
    .map(({ text }) => targetOf(text))
    .filter((chain) => /^KUBE-(SVC|SVL)-/.test(chain));
  const reached = new Set(entered.flatMap((chain) => [...chainsFrom(rules, chain)]));
  return sites(rules, 'nat', /^-A KUBE-(SEP|SVC|SVL|EPG)-\S+ -s \S+\/(32|128) .*-j KUBE-MARK-MASQ$/)
    .concat(sites(rules, 'nat', /^-A KUBE-(SEP|SVC|SVL|EPG)-\S+ -s \S+\/(32|128) -j KUBE-MARK-MASQ$/))
    .filter(({ chain }) => reached.has(chain))
    .filter(({ text }) => localPods.kind === 'unknown' || cidrContains(localPods.cidr, sourceOf(text)));
}

function sourceOf(text: string): Address {
  return networkAddress(rangeOf(text));
}

export function rangeOf(text: string): Cidr {
  const range = parseCidr(/ -s (\S+)/.exec(text)?.[1] ?? '');
  if (range === undefined) throw new Error(`no source in ${text}`);
  return range;
}

/** The rule by which traffic to the cluster IP is masqueraded. */
export function internalMasquerades(rules: RulesText): readonly Site[] {
  return sites(rules, 'nat', /^-A KUBE-(SVC|SVL)-\S+ (?!-s ).*-j KUBE-MARK-MASQ$/);
}

/** Those of services with endpoints beyond the node itself: what ends there is masqueraded for nobody else. */
export function forwardedMasquerades(rules: RulesText): readonly Site[] {
  return internalMasquerades(rules).filter(({ chain }) =>
    endpointsOf(rules, chain)
      .split(' ')
      .some((endpoint) => !endpoint.includes(rules.view.address)),
  );
}

/** Chains of external traffic that something leads to past all source ranges. */
export function openExternalChains(rules: RulesText): ReadonlySet<string> {
  const open = [...addressRules(rules), ...nodePortRules(rules)].map(({ text }) => targetOf(text));
  return new Set(open.filter((chain) => chain.startsWith('KUBE-EXT-')));
}

/** Whether a chain of external traffic deals what comes from outside, or leaves it to be dropped. */
export function dealsOutside(rules: RulesText, external: string): boolean {
  const last = rulesOf(rules, 'nat', external).at(-1)?.text ?? '';
  return /^KUBE-(SVC|SVL)-/.test(targetOf(last)) && !/ -[si] |--src-type/.test(last);
}

/** Source ranges that do not overlap with others of their service, where what they let in is dealt. */
export function rangeRules(rules: RulesText): readonly Site[] {
  const found = sites(
    rules,
    'nat',
    /^-A KUBE-FW-\S+ -s \S+ .*-j KUBE-EXT-|^-A KUBE-FW-\S+ -s \S+ -j KUBE-EXT-/,
  );
  return found
    .filter(({ text }) => dealsOutside(rules, targetOf(text)))
    .filter((site) => {
      const range = rangeOf(site.text);
      const others = found
        .filter((other) => other !== site && other.chain === site.chain)
        .map(({ text }) => rangeOf(text));
      return others.every(
        (other) => !cidrContains(other, networkAddress(range)) && !cidrContains(range, networkAddress(other)),
      );
    });
}

/** Rules that send clients back to their endpoint, where there is more than one. */
export function recallRules(rules: RulesText): readonly Site[] {
  const found = sites(rules, 'nat', / --rcheck /);
  return found.filter((site) => found.filter(({ chain }) => chain === site.chain).length > 1);
}

/** Edits that exchange what a pattern finds in two neighbouring rules of a chain. */
export function exchanges(found: readonly Site[], pattern: RegExp): readonly Edit[] {
  return found.flatMap((site, index) => {
    const next = found[index + 1];
    if (next?.chain !== site.chain || next.at !== site.at + 1) return [];
    const [one, other] = [pattern.exec(site.text)?.[0], pattern.exec(next.text)?.[0]];
    if (one === undefined || other === undefined || one === other) return [];
    return [
      { at: site.at, remove: 2, insert: [site.text.replace(one, other), next.text.replace(other, one)] },
    ];
  });
}
