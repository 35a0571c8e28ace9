import { createInterface } from 'node:readline';
import { execa } from 'execa';
import type { Command } from '../iptables/tool.ts';
import { agentCommand } from './agent-command.ts';
import { LabError } from './error.ts';
import type { AgentAnswer, AgentCall, Listener, Outcome, RequestOrder } from './protocol.ts';

/** The lab's end of the line to an agent. */
export interface AgentLink {
  /** @throws LabError where one of them cannot listen */
  serve(listeners: readonly Listener[]): Promise<void>;
  request(order: RequestOrder): Promise<readonly Outcome[]>;
  /** Leaves it running when this process ends. */
  keep(): void;
  /** Settles when the agent has ended. */
  readonly ended: Promise<void>;
}

/**
 * Starts an agent in a namespace. It need not be stopped: it goes with the lab.
 *
 * @param name what to call it in messages
 * @param via the command that runs others in its namespace
 */
export function startAgent(name: string, via: Command): AgentLink {
  const [file, ...args] = via;
  const child = execa(file, [...args, ...agentCommand()], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    buffer: { stdout: false },
    detached: true,
    cleanup: false,
    reject: false,
    // No NODE_OPTIONS of whoever runs us.
    extendEnv: false,
    env: { PATH: process.env.PATH },
  });
  const waiting = new Map<number, (said: AgentAnswer) => void>();
  let lastId = 0;
  let farewell: string | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as AgentAnswer;
    waiting.get(said.id)?.(said);
    waiting.delete(said.id);
  });
  child.stdin.on('error', () => undefined);
  const ended = child.then(({ stderr, exitCode }) => {
    farewell = `it ended: ${stderr === '' ? `exit code ${String(exitCode)}` : stderr}`;
    for (const [id, settle] of waiting) settle({ id, error: farewell });
  });

  const call = async (question: AgentCall): Promise<readonly Outcome[]> => {
    if (farewell !== undefined) throw new LabError(`${name}: ${farewell}`);
    lastId += 1;
    const id = lastId;
    const said = await new Promise<AgentAnswer>((resolve) => {
      waiting.set(id, resolve);
      child.stdin.write(`${JSON.stringify({ id, ...question })}\n`);
    });
    if ('error' in said) throw new LabError(`${name}: ${said.error}`);
    return said.outcomes;
  };
  return {
    serve: async (listeners) => {
      await call({ kind: 'serve', listeners });
    },
    request: (order) => call({ kind: 'request', order }),
    keep: () => {
      child.nodeChildProcess.unref();
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    },
    ended,
  };
}
