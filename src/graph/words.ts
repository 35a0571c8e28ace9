import type { TableName } from '../chains/rule.ts';
import type { RuleFacts } from './rule-facts.ts';
import { frontendText, hostText } from './services.ts';

/** What a chain is for, in the words of the field; empty where its name is all there is to say. */
export function chainRole(table: TableName, name: string): string {
  return ROLES.get(`${table} ${name}`) ?? ROLES.get(name) ?? roleByKind(name);
}

const ROLES: ReadonlyMap<string, string> = new Map([
  ['PREROUTING', 'arriving'],
  ['INPUT', 'for this node'],
  ['FORWARD', 'passing through'],
  ['OUTPUT', 'from this node'],
  ['POSTROUTING', 'leaving'],
  ['nat KUBE-SERVICES', 'addresses of services'],
  ['nat KUBE-NODEPORTS', 'node ports'],
  ['filter KUBE-SERVICES', 'cluster IPs nobody answers'],
  ['filter KUBE-EXTERNAL-SERVICES', 'external, nobody answers'],
  ['filter KUBE-NODEPORTS', 'health checks'],
  ['filter KUBE-PROXY-FIREWALL', 'outside the source ranges'],
  ['filter KUBE-FORWARD', 'what was dealt with'],
  ['filter KUBE-FIREWALL', 'guards 127.0.0.0/8'],
  ['nat KUBE-MARK-MASQ', 'asks for masquerading'],
  ['nat KUBE-POSTROUTING', 'masquerades'],
]);

function roleByKind(name: string): string {
  const kind = /^KUBE-([A-Z]+)-/.exec(name)?.[1];
  switch (kind) {
    case 'SVC':
      return 'policy Cluster';
    case 'SVL':
      return 'policy Local';
    case 'XLB':
    case 'EXT':
      return 'from outside';
    case 'EPG':
      return 'some of the endpoints';
    case 'FW':
      return 'source ranges';
    case 'SEP':
      return 'endpoint';
    case undefined:
    default:
      return '';
  }
}

/** Which packets a rule is about; empty where it is about all that come to it. */
export function conditionWords(facts: RuleFacts, table: TableName, chain: string): string {
  const words = [...portWords(facts, table, chain), ...sourceWords(facts), ...stateWords(facts)];
  return [...words, ...facts.others].join(', ');
}

function portWords(facts: RuleFacts, table: TableName, chain: string): readonly string[] {
  const { destination, ports, protocol = '' } = facts;
  if (ports === undefined) {
    if (facts.local === 'destination') return ['to an address of this node'];
    return destination === undefined ? [] : [direction('to', destination)];
  }
  if (destination !== undefined) {
    // In a service's own chain the address only says that none of its others is meant.
    return isServiceChain(chain) ? [] : [`${addressKind(facts)}${frontendText(facts)}`];
  }
  if (ports.includes(':')) return [`ports ${ports.replace(':', '–')}/${protocol}`];
  const isHealthCheck = table === 'filter' && chain === 'KUBE-NODEPORTS';
  return [`${isHealthCheck ? 'health checks' : 'node port'} ${ports}/${protocol}`];
}

/** Chains of a service port, but for those of its endpoints; XLB is an older kube-proxy's EXT. */
export function isServiceChain(name: string): boolean {
  return /^KUBE-(?:SVC|SVL|EXT|FW|XLB)-/.test(name);
}

/** kube-proxy's comments say what an address is; else the chain that it leads to does. */
function addressKind({ comment, target }: RuleFacts): string {
  const said = /(?:^| )(cluster|external|loadbalancer) IP$/.exec(comment)?.[1];
  if (said !== undefined) return said === 'loadbalancer' ? 'load balancer ' : `${said} IP `;
  if (/^KUBE-(?:SVC|SVL)-/.test(target)) return 'cluster IP ';
  return target.startsWith('KUBE-FW-') ? 'load balancer ' : '';
}

function sourceWords({ source, inInterface, local }: RuleFacts): readonly string[] {
  const words: string[] = [];
  if (source !== undefined) words.push(direction('from', source));
  if (inInterface !== undefined) words.push(direction('from interface', inInterface));
  if (local === 'source') words.push('from this node');
  return words;
}

function direction(preposition: string, value: string): string {
  const not = value.startsWith('! ');
  return `${not ? 'not ' : ''}${preposition} ${hostText(not ? value.slice(2) : value)}`;
}

const STATES: ReadonlyMap<string, string> = new Map([
  ['NEW', 'new connections'],
  ['INVALID', 'packets of no connection'],
  ['RELATED,ESTABLISHED', 'known connections'],
]);

function stateWords({ states, mark, seen, seconds }: RuleFacts): readonly string[] {
  const words: string[] = [];
  if (states !== undefined) words.push(STATES.get(states) ?? states.replace('! ', 'not '));
  if (mark !== undefined) words.push(mark.startsWith('! ') ? 'not marked' : 'marked');
  if (seen) words.push(seconds === undefined ? 'seen before' : `seen within ${duration(seconds)}`);
  return words;
}

function duration(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** What becomes of a packet where no further chain says; empty where a chain does, or the rule only counts. */
export function actionWords({ target, endpoint, setMark }: RuleFacts): string {
  if (endpoint !== undefined) return `to ${endpoint}`;
  if (target === 'MARK')
    return setMark?.endsWith('/0x0') === true ? 'take the mark off' : `mark ${setMark ?? ''}`;
  return ACTIONS.get(target) ?? target;
}

const ACTIONS: ReadonlyMap<string, string> = new Map([
  ['ACCEPT', 'accept'],
  ['DROP', 'drop'],
  ['REJECT', 'refuse'],
  ['RETURN', 'back'],
  ['MASQUERADE', 'masquerade'],
  ['KUBE-MARK-MASQ', 'masquerade'],
  ['KUBE-MARK-DROP', 'drop'],
]);

/** `33.3 %`; a share that is not zero is never shown as such. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return '< 0.1 %';
  return `${Number(value.toFixed(1))} %`;
}

/** `12,345,678`. */
export function counted(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

export function plural(count: number, one: string): string {
  return `${counted(count)} ${one}${count === 1 ? '' : 's'}`;
}
