import { createSocket } from 'node:dgram';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { isIPv6 } from 'node:net';
import type { Greeting, Outcome, RequestOrder } from './protocol.ts';

/** Sends the requests and tells what became of each, in no order. */
export async function sendRequests(order: RequestOrder): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const send = order.protocol === 'tcp' ? sendHttp : sendDatagram;
  let left = order.count;
  let timeouts = 0;
  const worker = async (): Promise<void> => {
    while (left > 0 && timeouts < (order.enoughTimeouts ?? Infinity)) {
      left -= 1;
      const outcome = await send(order);
      if (outcome.kind === 'timeout') timeouts += 1;
      outcomes.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(order.concurrency, order.count) }, worker));
  return outcomes;
}

function sendHttp({ address, port, timeout, from }: RequestOrder): Promise<Outcome> {
  return new Promise((resolve) => {
    const request = get({
      host: address,
      port,
      // Each request opens a connection: rules see only the first packet of one.
      agent: false,
      ...(from === undefined ? {} : { localAddress: from }),
    });
    const timer = setTimeout(() => {
      resolve({ kind: 'timeout' });
      request.destroy();
    }, timeout);
    request.on('response', (response) => {
      text(response).then(
        (body) => resolve(arrived(body)),
        (error: unknown) => resolve(failed(error)),
      );
    });
    request.on('error', (error) => resolve(failed(error)));
    request.on('close', () => clearTimeout(timer));
  });
}

/** Milliseconds in which the ICMP error of a rejected datagram comes after the refusal to send it. */
const REJECTION_DELAY = 50;

function sendDatagram({ address, port, timeout, from }: RequestOrder): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' });
    const finish = (outcome: Outcome): void => {
      clearTimeout(timer);
      resolve(outcome);
      if (open) socket.close();
      open = false;
    };
    let open = true;
    let timer = setTimeout(() => finish({ kind: 'timeout' }), timeout);
    const onError = (error: unknown): void => {
      if (codeOf(error) !== 'EPERM') {
        finish(failed(error));
        return;
      }
      // The node's own firewall swallowed it. Where it is by REJECT, ECONNREFUSED follows.
      clearTimeout(timer);
      timer = setTimeout(() => finish({ kind: 'timeout' }), REJECTION_DELAY);
    };
    socket.on('error', onError);
    socket.on('message', (message) => finish(arrived(message.toString())));
    // Connected sockets alone hear of ICMP errors.
    const connect = (): void =>
      socket.connect(port, address, () => {
        socket.send('who is there?', (error) => {
          if (error !== null) onError(error);
        });
      });
    if (from === undefined) connect();
    else socket.bind({ address: from }, connect);
  });
}

function arrived(body: string): Outcome {
  try {
    return { kind: 'arrived', ...(JSON.parse(body) as Greeting) };
  } catch {
    return { kind: 'failed', reason: 'somebody else answered' };
  }
}

function failed(error: unknown): Outcome {
  const code = codeOf(error);
  return code === 'ECONNREFUSED' ? { kind: 'refused' } : { kind: 'failed', reason: code };
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
