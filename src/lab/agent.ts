import { createInterface } from 'node:readline';
import { sendRequests } from './agent-client.ts';
import { serve } from './agent-server.ts';
import type { AgentAnswer, AgentCall, AgentQuestion, Outcome } from './protocol.ts';

/**
 * The process that stands in one namespace of the lab: serves and sends requests there, as told by the
 * lines of its standard input. Once that ends it goes on serving, if it serves; the lab's end is its end.
 */
export function runAgent(): void {
  // The lab may be gone while an answer is written.
  process.stdout.on('error', () => undefined);
  createInterface({ input: process.stdin }).on('line', (line) => {
    const question = JSON.parse(line) as AgentQuestion;
    answer(question).then(
      (outcomes) => say({ id: question.id, outcomes }),
      (error: unknown) =>
        say({ id: question.id, error: error instanceof Error ? error.message : String(error) }),
    );
  });
}

async function answer(call: AgentCall): Promise<readonly Outcome[]> {
  if (call.kind === 'request') return sendRequests(call.order);
  await Promise.all(call.listeners.map(serve));
  return [];
}

function say(said: AgentAnswer): void {
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
