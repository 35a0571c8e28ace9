import { isEarly, rulesOf, type Form, type OlderService } from './older-proxy-rules.ts';

export const OLDER_SERVICES: readonly OlderService[] = [
  {
    name: 'shop',
    clusterIP: '10.96.0.10',
    nodePort: 30080,
    policy: 'Cluster',
    here: ['10.244.1.5'],
    there: ['10.244.2.5', '10.244.2.6'],
  },
  {
    name: 'shy',
    clusterIP: '10.96.0.11',
    nodePort: 30081,
    policy: 'Local',
    here: ['10.244.1.6'],
    there: ['10.244.2.7'],
  },
  {
    name: 'away',
    clusterIP: '10.96.0.12',
    nodePort: 30082,
    policy: 'Local',
    here: [],
    there: ['10.244.2.8'],
  },
  { name: 'gone', clusterIP: '10.96.0.13', nodePort: 30083, policy: 'Cluster', here: [], there: [] },
  {
    name: 'gate',
    clusterIP: '10.96.0.14',
    nodePort: 30084,
    policy: 'Cluster',
    here: ['10.244.1.7'],
    there: [],
    loadBalancer: { address: '198.51.100.50', range: '203.0.113.0/24' },
  },
];

/** The rules that a kube-proxy of that form writes on node-a, with kubelet's. */
export function olderDump(form: Form, services: readonly OlderService[] = OLDER_SERVICES): string {
  const rules = services.flatMap((service) => rulesOf(service, form));
  const table = (name: string, builtIn: readonly string[], fixed: readonly string[]): string => {
    const own = rules.flatMap((rule) => (rule.startsWith(`${name} `) ? [rule.slice(name.length + 1)] : []));
    const all = [...fixed, ...own, ...(name === 'nat' ? [LAST] : [])];
    const made = new Set(
      all.map((rule) => rule.split(' ')[1] ?? '').filter((chain) => !builtIn.includes(chain)),
    );
    const wanted = all.flatMap((rule) => /-[jg] (KUBE-\S+)/.exec(rule)?.[1] ?? []);
    const chains = [...new Set([...made, ...wanted])];
    return [
      `*${name}`,
      ...builtIn.map((chain) => `:${chain} ACCEPT [0:0]`),
      ...chains.map((chain) => `:${chain} - [0:0]`),
      ...all,
      'COMMIT',
    ].join('\n');
  };
  const filter = table('filter', ['INPUT', 'FORWARD', 'OUTPUT'], filterRules(form));
  const nat = table('nat', ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'], natRules(form));
  return `${filter}\n${nat}\n`;
}

const LAST =
  '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS';

function filterRules(form: Form): readonly string[] {
  const portals =
    '-m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES';
  const outer =
    '-m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES';
  const guard =
    '-m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL';
  const guarded =
    form === '1.27' ? ['INPUT', 'FORWARD', 'OUTPUT'].map((chain) => `-A ${chain} ${guard}`) : [];
  return [
    ...guarded,
    `-A INPUT ${outer}`,
    '-A INPUT -j KUBE-FIREWALL',
    '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD',
    `-A FORWARD ${portals}`,
    ...(isEarly(form) ? [] : [`-A FORWARD ${outer}`]),
    `-A OUTPUT ${portals}`,
    '-A OUTPUT -j KUBE-FIREWALL',
    '-A KUBE-FIREWALL -m comment --comment "kubernetes firewall for dropping marked packets" -m mark --mark 0x8000/0x8000 -j DROP',
    '-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP',
    '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
    '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT',
    '-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  ];
}

function natRules(form: Form): readonly string[] {
  const unmarked = isEarly(form)
    ? [
        '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -m mark --mark 0x4000/0x4000 -j MASQUERADE',
      ]
    : [
        '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
        '-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0',
        '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully',
      ];
  return [
    '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
    '-A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000',
    '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
    ...unmarked,
  ];
}

/** The same cluster, as manifests. */
export function olderManifests(services: readonly OlderService[] = OLDER_SERVICES): string {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-a' },
    status: { addresses: [{ type: 'InternalIP', address: '192.168.77.10' }] },
  };
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [node, ...services.flatMap(objectsOf)] });
}

function objectsOf(service: OlderService): readonly object[] {
  const { name, clusterIP, nodePort, policy, here, there, loadBalancer } = service;
  const ranges = loadBalancer === undefined ? {} : { loadBalancerSourceRanges: [loadBalancer.range] };
  const ingress = loadBalancer === undefined ? [] : [{ ip: loadBalancer.address }];
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: {
        type: loadBalancer === undefined ? 'NodePort' : 'LoadBalancer',
        clusterIP,
        externalTrafficPolicy: policy,
        ports: [{ port: 80, nodePort }],
        ...ranges,
      },
      status: { loadBalancer: { ingress } },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ port: 8080 }],
      endpoints: [
        ...here.map((address) => ({ addresses: [address], nodeName: 'node-a' })),
        ...there.map((address) => ({ addresses: [address], nodeName: 'node-b' })),
      ],
    },
  ];
}
