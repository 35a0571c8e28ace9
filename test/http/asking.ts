import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import type { Address } from '../../src/net/address.ts';

export interface Reply {
  readonly status: number;
  /** By the name as it was sent, which HTTP does not care for but a comparison may. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Asking {
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request on a connection of its own. */
export async function ask(port: number, path: string, options: Asking = {}): Promise<Reply> {
  const { method = 'GET', host = '127.0.0.1', headers = {} } = options;
  // `Connection: close` would be Node's word in the name of the test; nobody asks so in the recorded answers.
  const sent = request({
    host,
    port,
    path,
    method,
    headers: { connection: 'keep-alive', ...headers },
    agent: false,
  });
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.setEncoding('utf8');
  let body = '';
  for await (const chunk of answer) body += String(chunk);
  sent.destroy();
  return { status: answer.statusCode ?? 0, headers: pairs(answer.rawHeaders), body };
}

function pairs(rawHeaders: readonly string[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers[rawHeaders[index] ?? ''] = rawHeaders[index + 1] ?? '';
  }
  return headers;
}

export const LOOPBACK = '127.0.0.1' as Address;
export const LOOPBACK6 = '::1' as Address;

/** A port that nobody listens on now, at least for a moment. */
export async function freePort(): Promise<number> {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  holder.close();
  await once(holder, 'close');
  return port;
}
