import { commentOf } from '../../inspect/dispatch-rules.ts';
import type { Fate, RulePlace } from '../../inspect/fate.ts';
import { textAt } from '../../inspect/program.ts';
import { cause, type Finding } from '../finding.ts';
import type { Trip } from '../situation.ts';
import { ruleAt } from '../step.ts';
import { portText } from '../listing.ts';

/** What the rules alone tell, where no cluster says what they should do. */
export function saidByRules({ situation, packet, fates }: Trip): readonly Finding[] {
  if (situation.wanted !== undefined) return [];
  const [fate] = fates;
  if (fate === undefined) return [];
  if (situation.program.tables.get('nat')?.chains.has('KUBE-SERVICES') !== true) {
    const text = 'there are no rules of a service proxy at all';
    return [
      cause('proxyNotRunning', text, 'look whether a service proxy runs on that node, and in which mode'),
    ];
  }
  if (fate.outcome.kind === 'delivered') {
    const what = `${portText(packet.destinationPort, packet.protocol)} at ${packet.destination}`;
    const remedy = 'compare with the cluster: give its objects by -f, or --kubeconfig';
    return [cause('noSuchPort', `no rule takes ${what} for a service`, remedy)];
  }
  return turnedAway(situation.program, fate);
}

function turnedAway(program: Trip['situation']['program'], { path, outcome }: Fate): readonly Finding[] {
  if (outcome.kind === 'delivered') return [];
  // Proxies before 1.26 mark what they drop, and say why where they do.
  const marking = path.find((place) => jumpsTo(program, place, 'KUBE-MARK-DROP'));
  const by = marking ?? outcome.by;
  const rule = ruleAt(program, by);
  const said = rule === undefined ? '' : commentOf(rule);
  const text = textAt(program, by);
  if (said.includes('has no local endpoints')) {
    const remedy = 'run a pod on this node, ask a node that has one, or externalTrafficPolicy: Cluster';
    return [cause('noLocalEndpoint', `the rules say: ${said}`, remedy)];
  }
  if (said.includes('has no endpoints')) {
    return [
      cause(
        'noEndpoints',
        `the rules say: ${said}`,
        'look at the EndpointSlices and the pods of the service',
      ),
    ];
  }
  if (/^KUBE-(?:FW-|PROXY-FIREWALL|LB-)/.test(by.chain)) {
    const source = `the client is in none of the service's source ranges: ${text}`;
    return [cause('sourceRange', source, 'add its network to spec.loadBalancerSourceRanges')];
  }
  if (outcome.kind === 'rejected') {
    return [
      cause('noEndpoints', `a rule of the service proxy refuses it, as it does without endpoints: ${text}`),
    ];
  }
  const remedy = 'run a pod on this node, ask a node that has one, or externalTrafficPolicy: Cluster';
  return [
    cause(
      'noLocalEndpoint',
      `a rule of the service proxy drops it, as it does without a local endpoint: ${text}`,
      remedy,
    ),
  ];
}

function jumpsTo(program: Trip['situation']['program'], place: RulePlace, chain: string): boolean {
  const target = ruleAt(program, place)?.target;
  return (target?.kind === 'jump' || target?.kind === 'goto') && target.chain === chain;
}
