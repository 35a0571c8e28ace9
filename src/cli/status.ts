import { commandFlags, type FlagValues } from '../config/flags.ts';
import { parseHostPort, withPort, type HostPort } from '../config/host-port.ts';
import { readConfig } from '../config/load.ts';
import { readConfigFile } from '../config/read-file.ts';
import { InputError } from '../problems/problem.ts';
import type { StatusReport } from '../status/schema.ts';
import { statusText } from '../status/text.ts';
import { FAILED, TROUBLE } from './exit-codes.ts';
import { writeAll } from './output.ts';
import { askStatus, StatusError } from './status-client.ts';
import { complain, paintOn } from './terminal.ts';
import { watchScreen } from './watch-screen.ts';

export interface StatusOptions {
  /** undefined: where the configuration says. */
  readonly address: string | undefined;
  /** Seconds between two looks; undefined looks once. */
  readonly watch: number | undefined;
  readonly output: 'text' | 'json';
}

const METRICS_PORT = 10_249;

/**
 * Tells how the daemon on this node is doing.
 *
 * @returns the exit code: 0 where it is healthy or was watched to the end, 1 where something is wrong, 2 where
 *   it cannot be asked
 * @throws InputError where it cannot be told whom to ask
 */
export async function status(options: StatusOptions, flags: FlagValues): Promise<number> {
  const at = await whomToAsk(options, flags);
  if (options.watch !== undefined) {
    await watchScreen((signal) => frame(at, options, signal), options.watch * 1000);
    return 0;
  }
  try {
    const report = await askStatus(at);
    await writeAll(process.stdout, [textOf(report, options)]);
    return report.verdict === 'healthy' ? 0 : FAILED;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    complain(error.message);
    return TROUBLE;
  }
}

/** A daemon that is started anew is waited for. */
async function frame(at: HostPort, options: StatusOptions, signal: AbortSignal): Promise<string> {
  try {
    return textOf(await askStatus(at, signal), options);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return options.output === 'json' ? `${JSON.stringify({ error: error.message })}\n` : `${error.message}\n`;
  }
}

/** One who watches gets a line for each look, which programs can tell apart. */
function textOf(report: StatusReport, { output, watch }: StatusOptions): string {
  if (output === 'text') return statusText(report, paintOn(process.stdout));
  return `${JSON.stringify(report, null, watch === undefined ? 2 : 0)}\n`;
}

async function whomToAsk({ address }: StatusOptions, flags: FlagValues): Promise<HostPort> {
  if (address !== undefined) {
    const at = parseHostPort(withPort(address, METRICS_PORT));
    if (at !== undefined) return at;
    const message = `expected ADDRESS:PORT, such as 127.0.0.1:${METRICS_PORT}, got ${JSON.stringify(address)}`;
    throw new InputError([{ where: '--address', path: '', message }]);
  }
  const { config } = commandFlags(flags);
  const file = config === undefined ? {} : { file: await readConfigFile(config) };
  const { metricsBindAddress } = readConfig({ ...file, flags }).settings;
  const at = parseHostPort(metricsBindAddress);
  if (at !== undefined) return at;
  const message = `${metricsBindAddress} cannot be asked; name where the daemon serves its metrics`;
  throw new InputError([{ where: '--address', path: '', message }]);
}
