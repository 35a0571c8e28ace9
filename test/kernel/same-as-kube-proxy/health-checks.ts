import { output, type Namespace } from '../namespace.ts';
import { healthCheckPort, SERVICES } from './services.ts';

/* What a load balancer hears at the health-check node ports of a node. */

/**
 * Not on loopback: where `nodePortAddresses` names its network, kube-proxy opens the ports there too, even if
 * node ports are not answered there. We open both in the same places, since no load balancer asks there.
 */
const ADDRESSES = ['192.168.77.10', '[fd00:77::10]'];

/** The codes that tell whether the whole node should get traffic, and whether the proxy works. */
const PROBES = ['http://127.0.0.1:10256/healthz', 'http://127.0.0.1:10256/livez'];

/** A line for each address and port that is answered, with the code, the weight, and the body. */
export async function healthCheckAnswers(node: Namespace): Promise<string> {
  const format = '\\n%{url} %{http_code} %header{x-load-balancing-endpoint-weight} %header{content-type}\\n';
  const urls = SERVICES.flatMap((service) =>
    ADDRESSES.map((address) => `http://${address}:${healthCheckPort(service)}/`),
  );
  const common = ['curl', '--silent', '--globoff', '--max-time', '5', '--write-out', format];
  const probes = ['--output', '/dev/null', '--output', '/dev/null', ...PROBES];
  // It ends with the code of the last one, which nobody may answer.
  const text = await output(node, 'sh', '-c', '"$@" || true', 'sh', ...common, ...probes, ...urls);
  return text
    .split('\n')
    .filter((line) => !/ 000 +$/.test(line))
    .join('\n');
}
