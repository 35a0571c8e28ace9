import { parseCidr, prefixLengthOf, type Cidr } from '../../../../src/net/address.ts';
import { endpointsOf, rulesOf, targetOf, type Edit, type RulesText, type Site } from './rules-text.ts';
import {
  addressRules,
  dealsOutside,
  exchanges,
  forwardedMasquerades,
  hairpinRules,
  internalMasquerades,
  nodePortRules,
  openExternalChains,
  rangeOf,
  rangeRules,
  recallRules,
  remove,
  replace,
  sites,
  turningAwayRules,
} from './sites.ts';

/**
 * A mistake that rules could have. Each is made only where some packet must fare worse for it, or where the
 * rules as such are no longer sound; where that is not everywhere, the comment says why.
 */
export interface Defect {
  readonly name: string;
  readonly edits: (rules: RulesText) => readonly Edit[];
}

const defect = (name: string, edits: Defect['edits']): Defect => ({ name, edits });

const CHANCE = /--probability [\d.]+/;
const PORT = /--dport (\d+)/;
const PROTOCOL = /-p (\w+)(.*)-m \1/;

const chances = (rules: RulesText) => sites(rules, 'nat', CHANCE);
const dnats = (rules: RulesText) => sites(rules, 'nat', / -j DNAT /);
const scaled = (site: Site, factor: number): Edit => {
  const chance = Number(/--probability ([\d.]+)/.exec(site.text)?.[1]);
  return replace(site, CHANCE, `--probability ${(chance * factor).toFixed(11)}`);
};
const otherPort = (site: Site): Edit =>
  replace(site, PORT, `--dport ${Number(PORT.exec(site.text)?.[1]) + 1}`);
const otherProtocol = (site: Site): Edit => {
  const other = site.text.includes('-p udp') ? 'tcp' : 'udp';
  return replace(site, PROTOCOL, `-p ${other}$2-m ${other}`);
};
const nowhere = ({ family }: RulesText): Cidr =>
  (family === 'ipv4' ? '192.0.2.99/32' : '2001:db8:99::99/128') as Cidr;
const insertBefore = ({ at }: Site, ...insert: readonly string[]): Edit => ({ at, remove: 0, insert });

/** Where anybody asks for the mark. */
const markRules = (rules: RulesText) =>
  dnats(rules).length === 0 ? [] : sites(rules, 'nat', /^-A KUBE-MARK-MASQ /);

const DEALING: readonly Defect[] = [
  defect('an endpoint gets a little more than its share', (rules) =>
    chances(rules).map((site) => scaled(site, 1.000_001)),
  ),
  defect('an endpoint gets half its share', (rules) => chances(rules).map((site) => scaled(site, 0.5))),
  defect('a chance is certain', (rules) =>
    chances(rules).map((site) => replace(site, / -m statistic.*?--probability [\d.]+/, '')),
  ),
  defect('a chance is tried twice', (rules) => chances(rules).map((site) => insertBefore(site, site.text))),
  defect('chances in the wrong order', (rules) => exchanges(chances(rules), CHANCE)),
  defect('an endpoint is never chosen', (rules) => chances(rules).map(remove)),
  defect('a destination of the wrong port', (rules) =>
    dnats(rules).map((site) => replace(site, /:(\d+)$/, ':1')),
  ),
  defect('a destination of the wrong address', (rules) =>
    dnats(rules).map((site) =>
      replace(
        site,
        /to-destination .*(:\d+)$/,
        `to-destination ${rules.family === 'ipv4' ? '192.0.2.99' : '[2001:db8::99]'}$1`,
      ),
    ),
  ),
  defect('a destination for another protocol', (rules) =>
    dnats(rules).map((site) => replace(site, /-p \w+/, '-p icmp')),
  ),
  defect('no destination', (rules) => dnats(rules).map(remove)),
  defect('two endpoints exchanged for one', (rules) =>
    chances(rules)
      .map((site) => ({ site, next: rulesOf(rules, 'nat', site.chain).find(({ at }) => at > site.at) }))
      .filter(
        ({ site, next }) =>
          next !== undefined &&
          targetOf(next.text).startsWith('KUBE-SEP-') &&
          targetOf(site.text).startsWith('KUBE-SEP-'),
      )
      .map(({ site, next }) => replace(site, targetOf(site.text), targetOf(next?.text ?? ''))),
  ),
  defect('the endpoint of another service', (rules) => {
    const all = dnats(rules).filter(({ chain }) => chain.startsWith('KUBE-SEP-'));
    return sites(rules, 'nat', / -j KUBE-SEP-/).flatMap((site) => {
      const own = endpointsOf(rules, site.chain).split(' ');
      const other = all.find(({ text }) => !own.includes(/--to-destination (\S+)/.exec(text)?.[1] ?? ''));
      return other === undefined ? [] : [replace(site, / -j \S+$/, ` -j ${other.chain}`)];
    });
  }),
  defect('a service whose chain is empty', (rules) =>
    sites(rules, 'nat', /^-A KUBE-(SVC|SVL)-/)
      .map(({ chain }) => rulesOf(rules, 'nat', chain))
      .flatMap((texts) =>
        texts[0] === undefined ? [] : [{ at: texts[0].at, remove: texts.length, insert: [] }],
      ),
  ),
];

const MASQUERADING: readonly Defect[] = [
  // Elsewhere the endpoint's traffic is masqueraded anyway, since it is not of a local pod.
  defect('no masquerade for an endpoint that reaches itself', (rules) => hairpinRules(rules).map(remove)),
  defect('masquerade for the wrong endpoint', (rules) =>
    hairpinRules(rules).map((site) => replace(site, / -s \S+/, ` -s ${nowhere(rules)}`)),
  ),
  defect('the destination is set before an endpoint that reaches itself is marked', (rules) =>
    sites(rules, 'nat', /^-A KUBE-(SEP|SVC|SVL|EPG)-\S+ -s \S+\/(32|128) .*-j KUBE-MARK-MASQ$/).flatMap(
      (site) => {
        const next = rules.lines[site.at + 1];
        return next?.chain === site.chain && next.text.includes(' -j DNAT ')
          ? [{ at: site.at, remove: 2, insert: [next.text, site.text] }]
          : [];
      },
    ),
  ),
  defect('no masquerade to a cluster IP', (rules) => internalMasquerades(rules).map(remove)),
  defect('masquerade of pods to a cluster IP, and of nobody else', (rules) =>
    internalMasquerades(rules)
      .filter(({ text }) => text.includes('! -'))
      .map((site) => replace(site, '! -', '-')),
  ),
  defect('masquerade by a pod network that is half as large', (rules) =>
    forwardedMasquerades(rules)
      .filter(({ text }) => text.includes(' ! -s '))
      .map((site) => replace(site, / -s (\S+)\/(\d+)/, ` -s ${halfOf(rangeOf(site.text))}`)),
  ),
  defect('masquerade by another interface', (rules) =>
    forwardedMasquerades(rules)
      .filter(({ text }) => text.includes(' ! -i '))
      .map((site) => replace(site, / -i \S+/, ' -i other0')),
  ),
  defect('masquerade after the dealing', (rules) =>
    internalMasquerades(rules).flatMap((site) => {
      const texts = rulesOf(rules, 'nat', site.chain);
      const [first] = texts;
      if (first?.at !== site.at || texts.length < 2) return [];
      return [
        { at: site.at, remove: texts.length, insert: [...texts.slice(1), first].map(({ text }) => text) },
      ];
    }),
  ),
  defect('no masquerade for traffic from outside', (rules) =>
    sites(rules, 'nat', /^-A KUBE-EXT-(?!.*--src-type).*-j KUBE-MARK-MASQ$/).map(remove),
  ),
  defect('another mark is set', (rules) =>
    markRules(rules).map((site) => replace(site, /0x[0-9a-f]+\/0x[0-9a-f]+/, '0x2000/0x2000')),
  ),
  defect('no mark is set', (rules) => markRules(rules).map(remove)),
  // To be marked twice takes an endpoint that reaches itself by way of what is marked anyway.
  defect('a second mark takes the first away', (rules) => {
    const open = openExternalChains(rules);
    const marking = sites(rules, 'nat', /^-A KUBE-EXT-(?!.*--src-type).*-j KUBE-MARK-MASQ$/);
    if (!marking.some(({ chain }) => open.has(chain))) return [];
    return sites(rules, 'nat', /^-A KUBE-MARK-MASQ /).map((site) => replace(site, /\/0x[0-9a-f]+$/, '/0x0'));
  }),
  defect('another mark is masqueraded', (rules) =>
    sites(rules, 'nat', /^-A KUBE-POSTROUTING -m mark/).map((site) =>
      replace(site, /0x[0-9a-f]+\/0x[0-9a-f]+/, '0x2000/0x2000'),
    ),
  ),
  defect('what is not marked is masqueraded', (rules) =>
    sites(rules, 'nat', /^-A KUBE-POSTROUTING -m mark/).map((site) => replace(site, '! --mark', '--mark')),
  ),
  defect('all is masqueraded', (rules) => sites(rules, 'nat', /^-A KUBE-POSTROUTING -m mark/).map(remove)),
  defect('nothing is masqueraded', (rules) => sites(rules, 'nat', / -j MASQUERADE/).map(remove)),
];

/** Of policy Local, where local endpoints are not all of them, and source ranges do not stand before. */
function localOnly(rules: RulesText, pattern: RegExp): readonly Site[] {
  const open = openExternalChains(rules);
  return sites(rules, 'nat', pattern).filter(({ chain }) => {
    const local = rulesOf(rules, 'nat', chain)
      .map(({ text }) => targetOf(text))
      .find((target) => target.startsWith('KUBE-SVL-'));
    const all = rulesOf(rules, 'nat', chain)
      .map(({ text }) => targetOf(text))
      .find((target) => target.startsWith('KUBE-SVC-'));
    if (!open.has(chain) || all === undefined) return false;
    return local === undefined || endpointsOf(rules, local) !== endpointsOf(rules, all);
  });
}

const EXTERNAL: readonly Defect[] = [
  defect('policy Local binds pods', (rules) =>
    localOnly(rules, /^-A KUBE-EXT-\S+ -[si] .*-j KUBE-SVC-/).map(remove),
  ),
  defect('policy Local binds the node itself', (rules) =>
    localOnly(rules, /^-A KUBE-EXT-.*--src-type LOCAL.*-j KUBE-SVC-/).map(remove),
  ),
  defect('policy Local masquerades nobody', (rules) =>
    localOnly(rules, /^-A KUBE-EXT-.*--src-type LOCAL.*-j KUBE-MARK-MASQ/).map(remove),
  ),
  defect('policy Local binds nobody', (rules) =>
    localOnly(rules, /^-A KUBE-EXT-.*-j KUBE-SVL-/).flatMap((site) => {
      const all = rulesOf(rules, 'nat', site.chain)
        .map(({ text }) => targetOf(text))
        .find((target) => target.startsWith('KUBE-SVC-'));
      return all === undefined ? [] : [replace(site, / -j \S+$/, ` -j ${all}`)];
    }),
  ),
  defect('traffic from outside is dealt first', (rules) =>
    sites(rules, 'nat', /^-A KUBE-EXT-.*-j KUBE-SVL-/).flatMap((site) => {
      const [first] = rulesOf(rules, 'nat', site.chain);
      if (first === undefined || first.at === site.at) return [];
      const before = rulesOf(rules, 'nat', site.chain)
        .filter(({ at }) => at < site.at)
        .map(({ text }) => text);
      return [{ at: first.at, remove: before.length + 1, insert: [site.text, ...before] }];
    }),
  ),
  defect('traffic from outside goes nowhere', (rules) =>
    sites(rules, 'nat', /^-A KUBE-EXT-\S+ (-m comment \S+ "[^"]*" )?-j KUBE-(SVC|SVL)-/).map(remove),
  ),
  defect('a source range is missing', (rules) => rangeRules(rules).map(remove)),
  defect('a source range is twice as large', (rules) =>
    rangeRules(rules)
      .filter(({ text, chain }) => !isHeld(rules, chain, text))
      .map((site) => replace(site, / -s \S+/, ` -s ${doubleOf(rangeOf(site.text))}`)),
  ),
  defect('a source range is half as large', (rules) =>
    rangeRules(rules)
      .filter(({ text }) => !/\/(32|128) /.test(text))
      .map((site) => replace(site, / -s \S+/, ` -s ${halfOf(rangeOf(site.text))}`)),
  ),
  defect('source ranges are passed by', (rules) =>
    addressRules(rules)
      .filter(({ text }) => targetOf(text).startsWith('KUBE-FW-'))
      .map((site) => replace(site, / -j KUBE-FW-(\S+)$/, ' -j KUBE-EXT-$1')),
  ),
  defect('source ranges let everybody in', (rules) =>
    sites(rules, 'nat', /^-A KUBE-FW-\S+ -s /)
      .filter(({ text }) => dealsOutside(rules, targetOf(text)))
      .map((site) => replace(site, / -s \S+/, '')),
  ),
];

/** Allowed because the node holds the load-balancer address itself, which is tried from that address only. */
function isHeld(rules: RulesText, chain: string, text: string): boolean {
  const source = / -s (\S+)/.exec(text)?.[1] ?? '';
  return addressRules(rules).some(
    (site) => targetOf(site.text) === chain && site.text.includes(` -d ${source} `),
  );
}

/** Longer by a bit: the upper half is out. */
function halfOf(range: Cidr): Cidr {
  return range.replace(/\d+$/, (length) => String(Number(length) + 1)) as Cidr;
}

function doubleOf(range: Cidr): Cidr {
  const doubled = parseCidr(range.replace(/\d+$/, String(prefixLengthOf(range) - 1)));
  if (doubled === undefined) throw new Error(`${range} cannot be doubled`);
  return doubled;
}

const DISPATCH: readonly Defect[] = [
  defect('an address is missing', (rules) => addressRules(rules).map(remove)),
  defect('an address of the wrong port', (rules) => addressRules(rules).map(otherPort)),
  defect('an address of the wrong protocol', (rules) => addressRules(rules).map(otherProtocol)),
  defect('a wrong address', (rules) =>
    addressRules(rules).map((site) => replace(site, / -d \S+/, ` -d ${nowhere(rules)}`)),
  ),
  defect('an address answers on all ports', (rules) =>
    addressRules(rules).map((site) => replace(site, / -m \w+ --dport \d+/, '')),
  ),
  defect('a service answers on all addresses', (rules) =>
    addressRules(rules).map((site) => replace(site, / -d \S+/, '')),
  ),
  defect('an address of another service', (rules) => {
    const all = addressRules(rules);
    return all.flatMap((site) => {
      const own = endpointsOf(rules, targetOf(site.text));
      const other = all.find(({ text }) => endpointsOf(rules, targetOf(text)) !== own);
      return other === undefined ? [] : [replace(site, / -j \S+$/, ` -j ${targetOf(other.text)}`)];
    });
  }),
  defect('an address that asks something unknown', (rules) =>
    addressRules(rules).map((site) => replace(site, / -j /, ' -m set --match-set somebody src -j ')),
  ),
  defect('a node port is missing', (rules) => nodePortRules(rules).map(remove)),
  defect('a wrong node port', (rules) => nodePortRules(rules).map(otherPort)),
  defect('a node port of the wrong protocol', (rules) => nodePortRules(rules).map(otherProtocol)),
  // Without node ports nothing comes of the jump.
  defect('node ports do not answer', (rules) => {
    if (nodePortRules(rules).length === 0) return [];
    const jumps = sites(rules, 'nat', /^-A KUBE-SERVICES .*-j KUBE-NODEPORTS/);
    return jumps.map(remove);
  }),
  defect('node ports answer on addresses that are not of the node', (rules) =>
    nodePortRules(rules).length === 0
      ? []
      : sites(rules, 'nat', /^-A KUBE-SERVICES .*--dst-type LOCAL -j KUBE-NODEPORTS/).map((site) =>
          replace(site, ' -m addrtype --dst-type LOCAL', ''),
        ),
  ),
  defect('node ports answer on loopback though they should not', (rules) =>
    nodePortRules(rules).length === 0
      ? []
      : sites(rules, 'nat', /^-A KUBE-SERVICES ! -d \S+ .*-j KUBE-NODEPORTS/).map((site) =>
          replace(site, / ! -d \S+/, ''),
        ),
  ),
  defect('node ports do not answer on loopback', (rules) =>
    nodePortRules(rules).length === 0 || !rules.view.localhostNodePorts
      ? []
      : sites(rules, 'nat', /^-A KUBE-SERVICES -m .*--dst-type LOCAL -j KUBE-NODEPORTS/).map((site) =>
          replace(site, '-A KUBE-SERVICES', '-A KUBE-SERVICES ! -d 127.0.0.0/8'),
        ),
  ),
];

const TREES: readonly Defect[] = [
  defect('a branch is cut', (rules) => sites(rules, 'nat', / -j KUBE-(IP|NP)-/).map(remove)),
  defect('a branch of the filter table is cut', (rules) =>
    sites(rules, 'filter', / -j KUBE-(RI|RE|LB|HC)-/).map(remove),
  ),
  defect('a branch for the wrong addresses', (rules) =>
    sites(rules, 'nat', / -d \S+ -j KUBE-IP-/).map((site) =>
      replace(site, / -d \S+/, ` -d ${nowhere(rules)}`),
    ),
  ),
  defect('a branch for too few ports', (rules) =>
    sites(rules, 'nat', /--dport \d+:\d+ -j KUBE-NP-/).map((site) =>
      replace(site, /--dport (\d+):\d+/, '--dport $1:$1'),
    ),
  ),
  defect('a branch for the wrong protocol', (rules) =>
    sites(rules, 'nat', /--dport \d+:\d+ -j KUBE-NP-/).map(otherProtocol),
  ),
  defect('a group of endpoints is never chosen', (rules) => sites(rules, 'nat', / -j KUBE-EPG-/).map(remove)),
];

const FILTER: readonly Defect[] = [
  defect('a refusal is missing', (rules) => turningAwayRules(rules, / -j REJECT /).map(remove)),
  defect('dropped, not refused', (rules) =>
    turningAwayRules(rules, / -j REJECT /).map((site) => replace(site, / -j REJECT.*/, ' -j DROP')),
  ),
  defect('refused by the wrong port', (rules) => turningAwayRules(rules, / -j REJECT /).map(otherPort)),
  defect('refused by the wrong protocol', (rules) =>
    turningAwayRules(rules, / -j REJECT /).map(otherProtocol),
  ),
  defect('a drop is missing', (rules) => turningAwayRules(rules, / -j DROP$/).map(remove)),
  defect('refused, not dropped', (rules) =>
    turningAwayRules(rules, / -j DROP$/).map((site) =>
      replace(
        site,
        / -j DROP$/,
        ` -j REJECT --reject-with icmp${rules.family === 'ipv4' ? '' : '6'}-port-unreachable`,
      ),
    ),
  ),
  defect('accepted, not dropped', (rules) =>
    turningAwayRules(rules, / -j DROP$/).map((site) => replace(site, / -j DROP$/, ' -j ACCEPT')),
  ),
  defect('a node port is refused on addresses that are not of the node', (rules) =>
    turningAwayRules(rules, /--dst-type LOCAL/).map((site) =>
      replace(site, ' -m addrtype --dst-type LOCAL', ''),
    ),
  ),
  defect('health checks are not let in', (rules) => turningAwayRules(rules, / -j ACCEPT$/).map(remove)),
  defect('health checks are let in at the wrong port', (rules) =>
    turningAwayRules(rules, / -j ACCEPT$/).map(otherPort),
  ),
  defect('what is masqueraded is not let through', (rules) =>
    sites(rules, 'filter', /^-A KUBE-FORWARD .*--mark/).map(remove),
  ),
  defect('another mark is let through', (rules) =>
    sites(rules, 'filter', /^-A KUBE-FORWARD .*--mark/).map((site) =>
      replace(site, /0x[0-9a-f]+\/0x[0-9a-f]+/, '0x2000/0x2000'),
    ),
  ),
  defect('all is let through', (rules) =>
    sites(rules, 'filter', /^-A KUBE-FORWARD .*--mark/).map((site) =>
      replace(site, / -m mark --mark \S+/, ''),
    ),
  ),
  defect('answers are not let through', (rules) =>
    sites(rules, 'filter', /^-A KUBE-FORWARD .*--ctstate RELATED/).map(remove),
  ),
  defect('errors about connections are not let through', (rules) =>
    sites(rules, 'filter', /^-A KUBE-FORWARD .*--ctstate RELATED/).map((site) =>
      replace(site, 'RELATED,ESTABLISHED', 'ESTABLISHED'),
    ),
  ),
  defect('invalid packets are let through', (rules) =>
    sites(rules, 'filter', /--ctstate INVALID -j DROP/).map(remove),
  ),
  defect('new packets are dropped', (rules) =>
    sites(rules, 'filter', /--ctstate INVALID -j DROP/).map((site) => replace(site, 'INVALID', 'NEW')),
  ),
  defect('127.0.0.1 is not guarded', (rules) => sites(rules, 'filter', /^-A KUBE-FIREWALL /).map(remove)),
  defect('127.0.0.1 is guarded from answers too', (rules) =>
    sites(rules, 'filter', /^-A KUBE-FIREWALL /).map((site) =>
      replace(site, / -m conntrack ! --ctstate \S+/, ''),
    ),
  ),
  defect('127.0.0.1 is guarded from the node itself', (rules) =>
    sites(rules, 'filter', /^-A KUBE-FIREWALL /).map((site) => replace(site, ' ! -s 127.0.0.0/8', '')),
  ),
];

const has = (rules: RulesText, pattern: RegExp): boolean => sites(rules, 'filter', pattern).length > 0;
const INTERNAL_REFUSAL = /^-A KUBE-(SERVICES|RI-\S+) -d .*--dport \d+ .*-j (REJECT|DROP)/;
const EXTERNAL_REFUSAL = /^-A KUBE-(EXTERNAL-SERVICES|RE-\S+) .*-j (REJECT|DROP)/;
const EXTERNAL_ADDRESS_REFUSAL = /^-A KUBE-(EXTERNAL-SERVICES|RE-\S+) -d .*-j (REJECT|DROP)/;
const NODE_PORT_REFUSAL = /^-A KUBE-(EXTERNAL-SERVICES|RE-\S+) .*--dst-type LOCAL.*-j (REJECT|DROP)/;
const FIREWALL_DROP = /^-A KUBE-(PROXY-FIREWALL|LB-\S+) -d .*-j DROP/;
const HEALTH_CHECK = /^-A KUBE-(NODEPORTS|HC-\S+) .*-j ACCEPT/;

/** A jump from a chain of the kernel, where what it leads to holds rules that packets of this hook can meet. */
function baseJump(
  name: string,
  jump: RegExp,
  needed: RegExp | undefined,
  change: (site: Site) => Edit,
): Defect {
  return defect(name, (rules) =>
    needed !== undefined && !has(rules, needed) ? [] : sites(rules, 'filter', jump).map(change),
  );
}

const FROM_NEW = (site: Site): Edit => replace(site, / -m conntrack --ctstate NEW/, '');

const ENTRANCES: readonly Defect[] = [
  defect('what comes in meets no service', (rules) =>
    dnats(rules).length === 0 ? [] : sites(rules, 'nat', /^-A PREROUTING /).map(remove),
  ),
  defect('what the node sends meets no service', (rules) =>
    dnats(rules).length === 0 ? [] : sites(rules, 'nat', /^-A OUTPUT /).map(remove),
  ),
  defect('what goes out is never masqueraded', (rules) =>
    sites(rules, 'nat', /^-A POSTROUTING /).map(remove),
  ),
  baseJump(
    'what comes in passes the source ranges',
    /^-A INPUT .*KUBE-PROXY-FIREWALL/,
    FIREWALL_DROP,
    remove,
  ),
  baseJump(
    'what goes through passes the source ranges',
    /^-A FORWARD .*KUBE-PROXY-FIREWALL/,
    FIREWALL_DROP,
    remove,
  ),
  baseJump(
    'what the node sends passes the source ranges',
    /^-A OUTPUT .*KUBE-PROXY-FIREWALL/,
    FIREWALL_DROP,
    remove,
  ),
  baseJump('health checks meet no rule', /^-A INPUT .*KUBE-NODEPORTS/, HEALTH_CHECK, remove),
  baseJump('what comes in is not refused', /^-A INPUT .*KUBE-EXTERNAL-SERVICES/, EXTERNAL_REFUSAL, remove),
  // What is refused of addresses of the node goes through to no other.
  baseJump(
    'what goes through is not refused at external addresses',
    /^-A FORWARD .*KUBE-EXTERNAL-SERVICES/,
    EXTERNAL_ADDRESS_REFUSAL,
    remove,
  ),
  baseJump(
    'what goes through is not refused at cluster IPs',
    /^-A FORWARD .*-j KUBE-SERVICES/,
    INTERNAL_REFUSAL,
    remove,
  ),
  baseJump(
    'what the node sends is not refused at cluster IPs',
    /^-A OUTPUT .*-j KUBE-SERVICES/,
    INTERNAL_REFUSAL,
    remove,
  ),
  baseJump('nothing is let through', /^-A FORWARD .*KUBE-FORWARD/, undefined, remove),
  // The node's own meet the guard again as they come in.
  baseJump(
    'what comes in passes the guard of 127.0.0.1',
    /^-A INPUT .*KUBE-FIREWALL$/,
    /^-A KUBE-FIREWALL /,
    remove,
  ),
  baseJump(
    'old connections through the node meet the source ranges',
    /^-A FORWARD .*KUBE-PROXY-FIREWALL/,
    FIREWALL_DROP,
    FROM_NEW,
  ),
  baseJump(
    'old connections to the node meet the source ranges',
    /^-A INPUT .*KUBE-PROXY-FIREWALL/,
    FIREWALL_DROP,
    FROM_NEW,
  ),
  baseJump(
    'old connections of the node meet the source ranges',
    /^-A OUTPUT .*KUBE-PROXY-FIREWALL/,
    FIREWALL_DROP,
    FROM_NEW,
  ),
  baseJump(
    'old connections to the node are refused',
    /^-A INPUT .*KUBE-EXTERNAL-SERVICES/,
    NODE_PORT_REFUSAL,
    FROM_NEW,
  ),
  baseJump(
    'old connections of the node are refused',
    /^-A OUTPUT .*-j KUBE-SERVICES/,
    INTERNAL_REFUSAL,
    FROM_NEW,
  ),
];

const AFFINITY: readonly Defect[] = [
  defect('nobody is remembered', (rules) =>
    sites(rules, 'nat', / --set /).map((site) => replace(site, / -m recent --set .*?--rsource/, '')),
  ),
  // One endpoint alone gets everybody again, remembered or not.
  defect('clients are put on the wrong list', (rules) => {
    const recalled = new Set(recallRules(rules).map(({ text }) => / --name (\S+)/.exec(text)?.[1]));
    return sites(rules, 'nat', / --set /)
      .filter(({ text }) => recalled.has(/ --name (\S+)/.exec(text)?.[1]))
      .map((site) => replace(site, / --name \S+/, ' --name KUBE-SEP-SOMEWHEREELSE'));
  }),
  defect('an endpoint does not recall its clients', (rules) => recallRules(rules).map(remove)),
  defect('an endpoint recalls those of another', (rules) => exchanges(recallRules(rules), / -j \S+$/)),
  defect('the wrong list is asked', (rules) => exchanges(recallRules(rules), / --name \S+/)),
  defect('clients are recalled for too short', (rules) =>
    sites(rules, 'nat', / --rcheck /).map((site) => replace(site, /--seconds \d+/, '--seconds 5')),
  ),
  defect('clients are remembered though nobody asked for it', (rules) =>
    dnats(rules)
      .filter(({ text }) => !text.includes(' --set '))
      .map((site) =>
        replace(
          site,
          / -j DNAT/,
          ` -m recent --set --name ${site.chain} --mask ${rules.family === 'ipv4' ? '255.255.255.255' : 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'} --rsource -j DNAT`,
        ),
      ),
  ),
];

const anyRule = (rules: RulesText): readonly Site[] => sites(rules, 'nat', /^-A KUBE-(SVC|SVL|EXT|SEP)-/);
const deepChains = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `KUBE-DEEP-${index}`);

const STRUCTURE: readonly Defect[] = [
  defect('a chain that nothing leads to', (rules) =>
    sites(rules, 'nat', /^-A KUBE-SERVICES /).map((site) =>
      insertBefore(
        site,
        ':KUBE-SVC-NOBODYCALLSTHIS1 - [0:0]',
        '-A KUBE-SVC-NOBODYCALLSTHIS1 -j KUBE-MARK-MASQ',
      ),
    ),
  ),
  defect('a jump to nowhere', (rules) =>
    anyRule(rules).map((site) =>
      insertBefore(site, `-A ${site.chain} -s ${nowhere(rules)} -j KUBE-SVC-ISNOTTHEREATALL1`),
    ),
  ),
  defect('a circle', (rules) =>
    sites(rules, 'nat', / -j KUBE-SEP-/).flatMap((site) => {
      const [first] = rulesOf(rules, 'nat', targetOf(site.text));
      return first === undefined
        ? []
        : [insertBefore(first, `-A ${first.chain} -s ${nowhere(rules)} -j ${site.chain}`)];
    }),
  ),
  defect('deeper than nft allows', (rules) =>
    sites(rules, 'nat', /^-A PREROUTING .*-j KUBE-SERVICES/).map(({ at }) => {
      const chains = deepChains(16);
      const declared = chains.map((chain) => `:${chain} - [0:0]`);
      const jumps = chains.map((chain, index) => `-A ${chain} -j ${chains[index + 1] ?? 'KUBE-SERVICES'}`);
      return { at, remove: 1, insert: [...declared, `-A PREROUTING -j ${chains[0] ?? ''}`, ...jumps] };
    }),
  ),
  defect('a return ahead of all other rules', (rules) =>
    anyRule(rules)
      .map(({ chain }) => rulesOf(rules, 'nat', chain)[0])
      .flatMap((first) => (first === undefined ? [] : [insertBefore(first, `-A ${first.chain} -j RETURN`)])),
  ),
  defect('all is accepted before it meets a service', (rules) =>
    sites(rules, 'filter', /^-A FORWARD /)
      .slice(0, 1)
      .map((site) => insertBefore(site, '-A FORWARD -j KUBE-FORWARD', '-A KUBE-FORWARD -j ACCEPT')),
  ),
];

export const DEFECTS: readonly Defect[] = [
  ...DEALING,
  ...MASQUERADING,
  ...EXTERNAL,
  ...DISPATCH,
  ...TREES,
  ...FILTER,
  ...ENTRANCES,
  ...AFFINITY,
  ...STRUCTURE,
];
