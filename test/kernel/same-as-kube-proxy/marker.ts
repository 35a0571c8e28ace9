import type { ApiChange } from './cluster.ts';

/*
 * How it is known that a proxy has seen a step: the last change of each step is made to a service and to
 * slices of the test's own. What comes by one watch comes in order, and a proxy writes all that it has
 * seen, so that with the marker all that came before is in the rules. The node comes by a watch of its own:
 * the endpoints of the marker have hints, so that its rules tell what zone the proxy takes the node for.
 */

const NAMESPACE = 'same';
const NAME = 'marker';
const KEY = `${NAMESPACE}/${NAME}`;
const FIRST_PORT = 10_000;
const CLUSTER_IPS = { IPv4: '10.96.255.254', IPv6: 'fd00:96::ffff' } as const;
const ENDPOINTS = {
  IPv4: { 'zone-1': '10.244.254.1', 'zone-2': '10.244.254.2' },
  IPv6: { 'zone-1': 'fd00:244:254::1', 'zone-2': 'fd00:244:254::2' },
} as const;
const FAMILIES = ['IPv4', 'IPv6'] as const;

export function markerChanges(step: number): readonly ApiChange[] {
  const port = FIRST_PORT + step;
  const metadata = { namespace: NAMESPACE, name: NAME };
  const spec = {
    type: 'ClusterIP',
    clusterIP: CLUSTER_IPS.IPv4,
    clusterIPs: FAMILIES.map((family) => CLUSTER_IPS[family]),
    ipFamilies: FAMILIES,
    ipFamilyPolicy: 'RequireDualStack',
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
    ports: [{ name: 'step', protocol: 'TCP', port }],
  };
  const slices = FAMILIES.map((family): ApiChange => {
    const name = `${NAME}-${family.toLowerCase()}`;
    const labels = { 'kubernetes.io/service-name': NAME };
    const endpoints = Object.entries(ENDPOINTS[family]).map(([zone, address]) => ({
      addresses: [address],
      conditions: { ready: true, serving: true, terminating: false },
      hints: { forZones: [{ name: zone }] },
    }));
    const object = {
      metadata: { namespace: NAMESPACE, name, labels },
      addressType: family,
      endpoints,
      ports: [{ name: 'step', protocol: 'TCP', port }],
    };
    return { plural: 'endpointslices', key: `${NAMESPACE}/${name}`, object };
  });
  return [
    { plural: 'services', key: KEY, object: { metadata, spec, status: { loadBalancer: {} } } },
    ...slices,
  ];
}

/** Whether these rules of one family are those of a proxy that has seen a step, and the node in this zone. */
export function showsMarker(
  rules: string,
  {
    step,
    zone,
    family,
  }: { readonly step: number; readonly zone: string | undefined; readonly family: 'ipv4' | 'ipv6' },
): boolean {
  const port = FIRST_PORT + step;
  if (!rules.includes(`"${KEY}:step cluster IP" -m tcp --dport ${port} -j KUBE-SVC-`)) return false;
  const own = rules.split('\n').filter((rule) => rule.includes(`"${KEY}:step"`));
  const found = own.flatMap((rule) => / --to-destination (\S+)$/.exec(rule)?.[1] ?? []);
  const all = ENDPOINTS[family === 'ipv4' ? 'IPv4' : 'IPv6'];
  const inZone = Object.entries(all).filter(([name]) => name === zone);
  const wanted = (inZone.length > 0 ? inZone : Object.entries(all)).map(([, address]) =>
    family === 'ipv4' ? `${address}:${port}` : `[${address}]:${port}`,
  );
  return found.sort().join() === wanted.sort().join();
}
