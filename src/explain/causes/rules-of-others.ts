import type { Fate, RulePlace } from '../../inspect/fate.ts';
import { textAt } from '../../inspect/program.ts';
import { cause, type Finding } from '../finding.ts';
import type { Trip } from '../situation.ts';
import { ruleAt } from '../step.ts';
import { isForeignDnat, isOurChain } from '../verdict.ts';

/** Rules and policies that are not the service proxy's end the packet's way, or lead it elsewhere. */
export function rulesOfOthers(trip: Trip): readonly Finding[] {
  const findings = trip.fates.map((fate) => ofFate(trip, fate)).filter((finding) => finding !== undefined);
  return distinct(findings);
}

function ofFate(trip: Trip, fate: Fate): Finding | undefined {
  const { outcome } = fate;
  if (outcome.kind === 'delivered') return diverted(trip, fate);
  const { program } = trip.situation;
  const { by } = outcome;
  const where = `rule ${by.rule} of ${by.table} ${by.chain}, ${textAt(program, by)}`;
  if (outcome.kind === 'unknown') {
    const text = `it cannot be told what ${where} does: ${outcome.part} is not modelled`;
    return cause('notModelled', text, 'send real packets: chainwright lab, or tcpdump on the node');
  }
  if (by.rule === 'policy') return policyCause(trip, by);
  if (by.chain === 'KUBE-FIREWALL' && !passesMarkDrop(fate)) {
    const text = `what comes from elsewhere may not reach 127.0.0.0/8: ${textAt(program, by)}`;
    return cause('localnetGuard', text, 'ask by another address of the node');
  }
  if (isOurChain(by.chain)) return undefined;
  const verb = outcome.kind === 'dropped' ? 'drops' : 'refuses';
  const before = fate.path.some(({ chain }) => isOurChain(chain)) ? 'after' : 'before';
  return cause(
    'foreignRule',
    `another program's rule ${verb} it ${before} the service's rules have dealt with it: ${where}`,
    `find out who writes ${by.chain} (a firewall, a network plugin), and let the packet pass there`,
  );
}

function passesMarkDrop({ path }: Fate): boolean {
  return path.some(({ chain }) => chain === 'KUBE-MARK-DROP');
}

function policyCause({ situation }: Trip, by: RulePlace): Finding {
  const text = `the policy of ${by.chain} is to drop what no rule accepts, and none has accepted it: ${textAt(situation.program, by)}`;
  const remedy =
    by.chain === 'FORWARD'
      ? 'accept the pod network in FORWARD (the network plugin should), or iptables -P FORWARD ACCEPT; Docker sets this policy to DROP'
      : `accept it in ${by.chain}`;
  return cause('policy', text, remedy);
}

/** By a translation that comes first, or by ACCEPT in the nat table, after which ours are not asked. */
function diverted(trip: Trip, fate: Fate): Finding | undefined {
  const { program } = trip.situation;
  const place = isForeignDnat(trip, fate)
    ? fate.path.findLast((each) => ruleAt(program, each)?.target?.kind.startsWith('dnat'))
    : fate.path.find(
        (each) =>
          each.table === 'nat' &&
          /^(?:PREROUTING|OUTPUT)$/.test(each.chain) &&
          ruleAt(program, each)?.target?.kind === 'accept',
      );
  if (place === undefined) return undefined;
  return cause(
    'foreignRule',
    `another program's rule takes it before the service's rules are asked: rule ${place.rule} of ${place.table} ${place.chain}, ${textAt(program, place)}`,
    `find out who writes ${place.chain}, and have that rule removed or narrowed`,
  );
}

function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [finding.text, finding])).values()];
}
