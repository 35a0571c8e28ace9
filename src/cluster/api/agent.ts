import { Agent } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions, type RequestOptions } from 'node:https';

/** An agent, and the bytes of the certificates and keys that it was made from. */
export interface KeptAgent {
  readonly agent: Agent;
  readonly made: string;
}

/**
 * The agent for a request with these options: the one before as long as server, certificates and keys are
 * the same, so that connections are reused. The Kubernetes client's own agents do not keep connections,
 * and never see a certificate that was renewed.
 */
export function agentFor(
  server: string,
  proxyUrl: string | undefined,
  options: RequestOptions,
  before: KeptAgent | undefined,
): KeptAgent {
  // A proxy is the client's business: it knows the HTTP and SOCKS kinds. Watches are long, so that the
  // connection that each of them makes costs little.
  if (proxyUrl !== undefined && proxyUrl !== '' && options.agent instanceof Agent) {
    return { agent: options.agent, made: 'proxy' };
  }
  const { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized } = options;
  const tls = { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized };
  const made = JSON.stringify([server, Object.values(tls).map(fingerprint)]);
  if (before?.made === made) return before;
  if (before !== undefined) retire(before.agent);
  const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
  const agentOptions: AgentOptions = { ...given, keepAlive: true, maxFreeSockets: 4 };
  const agent = server.startsWith('http:') ? new Agent(agentOptions) : new HttpsAgent(agentOptions);
  return { agent, made };
}

/** Requests in flight end by themselves; nothing new is to go over the old connections. */
function retire(agent: Agent): void {
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}

function fingerprint(value: unknown): unknown {
  return Buffer.isBuffer(value) ? value.toString('base64') : value;
}
