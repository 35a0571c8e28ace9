import { familyOf, hostOf, type Address, type Family } from '../net/address.ts';
import { localPodsIn } from '../inspect/local-pods.ts';
import type { Program } from '../inspect/program.ts';
import type { NodeView } from '../routing/node-view.ts';

/** Stands for a node that the rules do not name (RFC 5737, RFC 3849). */
const SOME_NODE: Readonly<Record<Family, Address>> = {
  ipv4: '192.0.2.1' as Address,
  ipv6: '2001:db8::1' as Address,
};

/**
 * Addresses of the node, as far as its rules tell: those to which node ports are limited, and what is asked
 * for where no rule gives it to a service. Any other node port is asked for at an address for examples.
 */
export function nodeAddressesInRules(
  program: Program | undefined,
  family: Family,
  asked: Address | undefined,
): readonly Address[] {
  const limited = hostsIn(program, (target) => target === 'KUBE-NODEPORTS');
  const isServed =
    asked !== undefined && hostsIn(program, (target) => target !== 'KUBE-NODEPORTS').includes(asked);
  const isKnownElsewhere = asked === undefined || isServed || familyOf(asked) !== family;
  const own = [...limited, ...(isKnownElsewhere ? [] : [asked])];
  return own.length > 0 ? own : [SOME_NODE[family]];
}

/** Single destinations in the nat table, by where the rules lead. */
function hostsIn(program: Program | undefined, leadsTo: (target: string) => boolean): readonly Address[] {
  const chains = [...(program?.tables.get('nat')?.chains.values() ?? [])];
  const hosts = chains.flatMap(({ name, rules }) =>
    name.startsWith('KUBE-')
      ? rules.flatMap(({ rule: { destination, target } }) => {
          if (destination === undefined || destination.not || target?.kind !== 'jump') return [];
          const { value } = destination;
          const host = leadsTo(target.chain) ? hostOf(value) : undefined;
          return host === undefined ? [] : [host];
        })
      : [],
  );
  return [...new Set(hosts)];
}

/** The node's view with what its rules tell of pods and addresses. */
export function viewOfRules(program: Program, view: NodeView, own: readonly Address[]): NodeView {
  const [address = view.address] = own;
  const localPods = localPodsIn(program);
  return { ...view, address, localPods: localPods.kind === 'unknown' ? view.localPods : localPods };
}
