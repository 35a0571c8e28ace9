import type { Agent } from 'node:http';
import type { RequestOptions } from 'node:https';
import { FaultError } from './fault.ts';
import { agentFor, type KeptAgent } from './agent.ts';
import { loadKubeConfig, type ServerChoice } from './kubeconfig.ts';

/** All that a request to the API server needs besides its path, fresh for each request. */
export interface Admission {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** `user:password`, where the kubeconfig has them. */
  readonly auth: string | undefined;
  readonly agent: Agent;
  /** Tells which credentials these are, for `renew`. */
  readonly generation: number;
}

/** The way into one API server. */
export interface Access {
  /** Its URL, for logs: without a user and a password that stand in it. */
  readonly server: string;
  /** @throws FaultError of kind `credentials` */
  readonly admit: () => Promise<Admission>;
  /** The server refused credentials of this generation: kubeconfig, tokens and plugins are asked anew. */
  readonly renew: (generation: number) => Promise<void>;
}

/**
 * Finds the API server and the credentials for it; speaks to nobody yet.
 *
 * @throws InputError where that cannot work
 */
export async function findAccess(choice: ServerChoice): Promise<Access> {
  let config = await loadKubeConfig(choice);
  let generation = 0;
  let kept: KeptAgent | undefined;
  let renewing: Promise<void> | undefined;
  const server = config.getCurrentCluster()?.server ?? '';

  const reload = async (): Promise<void> => {
    try {
      config = await loadKubeConfig(choice);
      generation += 1;
    } catch (error) {
      throw credentialsFault(error);
    }
  };

  return {
    server: server.replace(/\/\/[^/]*@/, '//'),
    admit: async () => {
      const cluster = config.getCurrentCluster();
      const options: RequestOptions = { headers: {} };
      try {
        await config.applyToHTTPSOptions(options);
      } catch (error) {
        throw credentialsFault(error);
      }
      kept = agentFor(cluster?.server ?? server, cluster?.proxyUrl, options, kept);
      return {
        url: new URL(cluster?.server ?? server),
        headers: plainHeaders(options.headers),
        auth: options.auth ?? undefined,
        agent: kept.agent,
        generation,
      };
    },
    renew: async (refused) => {
      // Three watches are refused at once, and their plugin need not run three times.
      if (refused !== generation) return;
      renewing ??= reload().finally(() => {
        renewing = undefined;
      });
      await renewing;
    },
  };
}

function credentialsFault(error: unknown): FaultError {
  const message = (error instanceof Error ? error.message : String(error)).trim();
  // A plugin's own words.
  const told = message === '' ? 'the plugin that makes credentials failed, and said nothing' : message;
  return new FaultError({ kind: 'credentials', message: told.slice(0, 500) });
}

/** Tokens are read from files whose last newline is no part of them. */
function plainHeaders(headers: RequestOptions['headers']): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [name, String(value).trim()]),
  );
}
