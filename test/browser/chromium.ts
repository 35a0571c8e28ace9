import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/* A headless Chromium, spoken to in its own protocol over a pipe. */

/** https://chromedevtools.github.io/devtools-protocol; only what the tests use has a type of its own. */
type Parameters = Readonly<Record<string, unknown>>;
type Listener = (method: string, parameters: Parameters) => void;

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Parameters;
  readonly result?: Parameters;
  readonly error?: { readonly message: string };
}

export interface Chromium extends AsyncDisposable {
  /** A page of its own, with nothing in it yet. */
  readonly newTarget: () => Promise<Target>;
}

export interface Target {
  /** @throws Error where Chromium refuses the command */
  readonly send: (method: string, parameters?: Parameters) => Promise<Parameters>;
  readonly onEvent: (listener: Listener) => void;
}

const PROGRAM = process.env.CHROMIUM ?? 'chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--hide-scrollbars',
  '--remote-debugging-pipe',
];
/** Milliseconds that it may take to go. */
const GRACE = 5_000;

/** @throws Error where there is no Chromium: `make browser-tools` installs one */
export async function startChromium(): Promise<Chromium> {
  const profile = await mkdtemp(join(tmpdir(), 'chainwright-browser-'));
  const browser = spawn(PROGRAM, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => {
    browser.once('exit', () => resolve());
    browser.once('error', () => resolve());
  });
  const link = linkOver(browser.stdio[3] as Writable, browser.stdio[4] as Readable, ended);
  return {
    newTarget: async () => {
      const { targetId } = await link.send('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = await link.send('Target.attachToTarget', { targetId, flatten: true });
      return link.target(String(sessionId));
    },
    [Symbol.asyncDispose]: async () => {
      await link.send('Browser.close').catch(() => undefined);
      const killing = setTimeout(() => browser.kill('SIGKILL'), GRACE);
      await ended;
      clearTimeout(killing);
      await rm(profile, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

interface Link {
  readonly send: (method: string, parameters?: Parameters, sessionId?: string) => Promise<Parameters>;
  readonly target: (sessionId: string) => Target;
}

/** Messages are JSON, each ended by a zero byte. */
function linkOver(input: Writable, output: Readable, ended: Promise<void>): Link {
  const waiting = new Map<number, PromiseWithResolvers<Parameters>>();
  const listeners = new Map<string, Listener[]>();
  let lastId = 0;
  let rest = '';
  input.on('error', () => undefined);
  output.setEncoding('utf8').on('data', (chunk: string) => {
    const messages = (rest + chunk).split('\0');
    rest = messages.pop() ?? '';
    for (const text of messages) receive(JSON.parse(text) as Message);
  });
  void ended.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`${PROGRAM} ended, or is not installed`));
  });
  const receive = ({ id, sessionId = '', method, params = {}, result = {}, error }: Message): void => {
    if (id === undefined) {
      for (const listener of listeners.get(sessionId) ?? []) listener(method ?? '', params);
      return;
    }
    const answer = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) answer?.resolve(result);
    else answer?.reject(new Error(error.message));
  };
  const send: Link['send'] = async (method, params = {}, sessionId) => {
    lastId += 1;
    const answer = Promise.withResolvers<Parameters>();
    waiting.set(lastId, answer);
    const address = sessionId === undefined ? {} : { sessionId };
    input.write(`${JSON.stringify({ id: lastId, method, params, ...address })}\0`);
    return await answer.promise;
  };
  return {
    send,
    target: (sessionId) => ({
      send: (method, parameters) => send(method, parameters, sessionId),
      onEvent: (listener) => listeners.set(sessionId, [...(listeners.get(sessionId) ?? []), listener]),
    }),
  };
}
