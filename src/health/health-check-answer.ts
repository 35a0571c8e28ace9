import { json, type TextAnswer } from './http/answer.ts';

/** Who is asked about. */
export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * What a health-check node port says to a load balancer: the node takes traffic where it has ready
 * endpoints of the service, and rules that are current. Some load balancers share traffic out by the
 * weight in the header.
 */
export function healthCheckAnswer(
  { namespace, name }: ServiceName,
  localEndpoints: number,
  serviceProxyHealthy: boolean,
): TextAnswer {
  const body = { service: { namespace, name }, localEndpoints, serviceProxyHealthy };
  // kube-proxy's spacing, as some compare texts.
  const answer = json(
    localEndpoints > 0 && serviceProxyHealthy ? 200 : 503,
    JSON.stringify(body, null, '\t'),
  );
  return {
    ...answer,
    headers: { ...answer.headers, 'X-Load-Balancing-Endpoint-Weight': String(localEndpoints) },
  };
}
