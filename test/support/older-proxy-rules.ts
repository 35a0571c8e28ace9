import { endpointChainName, olderLabel, serviceChainName } from '../../src/chains/names.ts';

/**
 * Forms that the rules of kube-proxy had, named by a release that had it: a colon behind names of unnamed ports;
 * KUBE-XLB for policy Local; masquerading in the service's chain, and comments there; KUBE-EXT in place of
 * KUBE-XLB; and source ranges guarded in the filter table, as today.
 */
export type Form = '1.17' | '1.18' | '1.23' | '1.25' | '1.27';

/** One unnamed TCP port, 80, on endpoints at 8080. */
export interface OlderService {
  readonly name: string;
  readonly clusterIP: string;
  readonly nodePort: number;
  readonly policy: 'Cluster' | 'Local';
  /** Addresses of endpoints on node-a, and on node-b. */
  readonly here: readonly string[];
  readonly there: readonly string[];
  readonly loadBalancer?: { readonly address: string; readonly range: string };
}

export const POD_CIDR = '10.244.0.0/16';

/** What the rules of one service are written with. */
interface Writing {
  readonly form: Form;
  readonly label: string;
  readonly hash: string;
  readonly own: readonly string[];
  readonly all: readonly string[];
  /** To the service's node port. */
  readonly port: string;
  readonly service: OlderService;
}

/** Rules of one service, each behind the name of its table. */
export function rulesOf(service: OlderService, form: Form): readonly string[] {
  const { here, there, nodePort } = service;
  const label = form === '1.17' ? olderLabel(`default/${service.name}`) : `default/${service.name}`;
  const writing: Writing = {
    form,
    label,
    hash: serviceChainName('SVC', label, 'tcp').slice('KUBE-SVC-'.length),
    own: here,
    all: [...here, ...there],
    port: `-p tcp ${comment(label)} -m tcp --dport ${nodePort}`,
    service,
  };
  if (writing.all.length === 0) return refusals(writing);
  const { hash } = writing;
  return [
    ...clusterRules(writing),
    ...dealing(`KUBE-SVC-${hash}`, writing.all, writing),
    ...writing.all.flatMap((address) => endpointRules(address, writing)),
    ...(form === '1.25' || form === '1.27' ? newerOuterRules(writing) : olderOuterRules(writing)),
    ...loadBalancerRules(writing),
  ];
}

function comment(text: string): string {
  return `-m comment --comment "${text}"`;
}

function refusals({ label, service: { clusterIP, nodePort } }: Writing): readonly string[] {
  const why = comment(`${label} has no endpoints`);
  const reject = '-j REJECT --reject-with icmp-port-unreachable';
  return [
    `filter -A KUBE-SERVICES -d ${clusterIP}/32 -p tcp ${why} -m tcp --dport 80 ${reject}`,
    `filter -A KUBE-EXTERNAL-SERVICES -p tcp ${why} -m addrtype --dst-type LOCAL -m tcp --dport ${nodePort} ${reject}`,
  ];
}

function clusterRules({ form, label, hash, service: { clusterIP } }: Writing): readonly string[] {
  const toIP = `-d ${clusterIP}/32 -p tcp ${comment(`${label} cluster IP`)} -m tcp --dport 80`;
  const place = isEarly(form) ? 'KUBE-SERVICES' : `KUBE-SVC-${hash}`;
  return [
    `nat -A ${place} ! -s ${POD_CIDR} ${toIP} -j KUBE-MARK-MASQ`,
    `nat -A KUBE-SERVICES ${toIP} -j KUBE-SVC-${hash}`,
  ];
}

/** Without comments in the chains of services. */
export function isEarly(form: Form): boolean {
  return form === '1.17' || form === '1.18';
}

function dealing(chain: string, addresses: readonly string[], { form, label }: Writing): readonly string[] {
  return addresses.map((address, index) => {
    const left = addresses.length - index;
    const chance = left === 1 ? '' : ` -m statistic --mode random --probability ${(1 / left).toFixed(11)}`;
    const words = isEarly(form) ? '' : ` ${comment(`${label} -> ${address}:8080`)}`;
    return `nat -A ${chain}${words}${chance} -j ${endpointChainName(label, 'tcp', `${address}:8080`)}`;
  });
}

function endpointRules(address: string, { form, label }: Writing): readonly string[] {
  const chain = endpointChainName(label, 'tcp', `${address}:8080`);
  const words = isEarly(form) ? '' : ` ${comment(label)}`;
  return [
    `nat -A ${chain} -s ${address}/32${words} -j KUBE-MARK-MASQ`,
    `nat -A ${chain} -p tcp${words} -m tcp -j DNAT --to-destination ${address}:8080`,
  ];
}

function olderOuterRules(writing: Writing): readonly string[] {
  const { label, hash, own, port, service } = writing;
  if (service.policy === 'Cluster') {
    return [
      `nat -A KUBE-NODEPORTS ${port} -j KUBE-MARK-MASQ`,
      `nat -A KUBE-NODEPORTS ${port} -j KUBE-SVC-${hash}`,
    ];
  }
  const chain = `KUBE-XLB-${hash}`;
  const nobody = `nat -A ${chain} ${comment(`${label} has no local endpoints`)} -j KUBE-MARK-DROP`;
  return [
    `nat -A KUBE-NODEPORTS -s 127.0.0.0/8 ${port} -j KUBE-MARK-MASQ`,
    `nat -A KUBE-NODEPORTS ${port} -j ${chain}`,
    `nat -A ${chain} -s ${POD_CIDR} ${comment('Redirect pods trying to reach external loadbalancer VIP to clusterIP')} -j KUBE-SVC-${hash}`,
    ...nodeRules(chain, 'LB IP', writing),
    ...(own.length === 0 ? [nobody] : dealing(chain, own, writing)),
  ];
}

function nodeRules(chain: string, what: string, { label, hash }: Writing): readonly string[] {
  return [
    `nat -A ${chain} ${comment(`masquerade LOCAL traffic for ${label} ${what}`)} -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`,
    `nat -A ${chain} ${comment(`route LOCAL traffic for ${label} ${what}`)} -m addrtype --src-type LOCAL -j KUBE-SVC-${hash}`,
  ];
}

function newerOuterRules(writing: Writing): readonly string[] {
  const { label, hash, own, port, service } = writing;
  const chain = `KUBE-EXT-${hash}`;
  const entry = `nat -A KUBE-NODEPORTS ${port} -j ${chain}`;
  if (service.policy === 'Cluster') {
    const words = comment(`masquerade traffic for ${label} external destinations`);
    return [entry, `nat -A ${chain} ${words} -j KUBE-MARK-MASQ`, `nat -A ${chain} -j KUBE-SVC-${hash}`];
  }
  const why = comment(`${label} has no local endpoints`);
  return [
    entry,
    `nat -A ${chain} -s ${POD_CIDR} ${comment(`pod traffic for ${label} external destinations`)} -j KUBE-SVC-${hash}`,
    ...nodeRules(chain, 'external destinations', writing),
    ...(own.length === 0
      ? [
          `filter -A KUBE-EXTERNAL-SERVICES -p tcp ${why} -m addrtype --dst-type LOCAL -m tcp --dport ${service.nodePort} -j DROP`,
        ]
      : [`nat -A ${chain} -j KUBE-SVL-${hash}`, ...dealing(`KUBE-SVL-${hash}`, own, writing)]),
  ];
}

function loadBalancerRules({ form, label, hash, service: { loadBalancer } }: Writing): readonly string[] {
  if (loadBalancer === undefined) return [];
  const { address, range } = loadBalancer;
  const chain = `KUBE-FW-${hash}`;
  const words = comment(`${label} loadbalancer IP`);
  const to = (text: string): string => `-d ${address}/32 -p tcp ${comment(text)} -m tcp --dport 80`;
  const entry = `nat -A KUBE-SERVICES ${to(`${label} loadbalancer IP`)} -j ${chain}`;
  const drop = `nat -A ${chain} ${words} -j KUBE-MARK-DROP`;
  const guard = `filter -A KUBE-PROXY-FIREWALL ${to(`${label} traffic not accepted by ${chain}`)} -j DROP`;
  if (form === '1.27') return [entry, `nat -A ${chain} -s ${range} ${words} -j KUBE-EXT-${hash}`, guard];
  if (form === '1.25') return [entry, `nat -A ${chain} -s ${range} ${words} -j KUBE-EXT-${hash}`, drop];
  return [
    entry,
    `nat -A ${chain} ${words} -j KUBE-MARK-MASQ`,
    `nat -A ${chain} -s ${range} ${words} -j KUBE-SVC-${hash}`,
    drop,
  ];
}
