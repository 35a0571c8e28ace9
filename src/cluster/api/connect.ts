import { findAccess } from './access.ts';
import type { ServerChoice } from './kubeconfig.ts';
import type { ApiTelemetry } from './telemetry.ts';
import { DEFAULT_TIMING } from './timing.ts';
import { transport, type Transport } from './transport.ts';

export interface ApiConnection {
  /** URL of the API server, for logs. */
  readonly server: string;
  readonly send: Transport;
}

/**
 * Prepares requests to the API server; the first is sent when somebody uses `send`.
 *
 * @param userAgent `chainwright/1.2.3`
 * @throws InputError where the choice of the server cannot work
 */
export async function connectApi(
  choice: ServerChoice,
  userAgent: string,
  telemetry: ApiTelemetry = {},
): Promise<ApiConnection> {
  const access = await findAccess(choice);
  const { onRequest } = telemetry;
  const send = transport(access, {
    userAgent,
    keepAlive: DEFAULT_TIMING.keepAlive,
    ...(onRequest === undefined ? {} : { onRequest }),
  });
  return { server: access.server, send };
}
