import type { CommentPolicy } from '../chains/comments.ts';
import type { LayoutChoice } from '../chains/layout-choice.ts';
import type { FlagValues } from '../config/flags.ts';
import type { From } from '../explain/askers.ts';
import { explain, verdictOfAll, type Question } from '../explain/explain.ts';
import type { ExplainReport } from '../explain/schema.ts';
import { explainText } from '../explain/text.ts';
import type { Protocol } from '../model/objects.ts';
import { familyOf, parseAddress, type Address, type Family } from '../net/address.ts';
import { expectedGot, InputError } from '../problems/problem.ts';
import { FAILED } from './exit-codes.ts';
import { readSubject } from './explain-subject.ts';
import { writeAll } from './output.ts';
import { paintOn } from './terminal.ts';

export interface ExplainOptions {
  /** `ADDRESS:PORT`. */
  readonly to?: string | undefined;
  /** `outside`, `node`, `pod`, an address, or `NAMESPACE/ADDRESS` of a pod. */
  readonly from?: string | undefined;
  readonly protocol?: Protocol | undefined;
  readonly filename?: readonly string[] | undefined;
  readonly source?: string | undefined;
  readonly live: boolean;
  readonly rules?: string | undefined;
  readonly layout: LayoutChoice;
  readonly comments: CommentPolicy;
  readonly family?: Family | undefined;
  readonly output: 'text' | 'json';
}

/**
 * Tells where a packet goes, and why.
 *
 * @returns the exit code: 1 where it does not get to an endpoint, or not always
 * @throws InputError with everything that is wrong with what was asked or read
 */
export async function explainCommandLine(
  service: string | undefined,
  options: ExplainOptions,
  flags: FlagValues,
): Promise<number> {
  const question = questionOf(service, options);
  const from = fromOf(options.from, question);
  if (options.filename?.includes('-') === true && options.rules === '-') {
    throw wrong('-f -, --rules -', 'expected one of the two on standard input, got both');
  }
  const layout = { name: options.layout, comments: options.comments };
  const { node, rulesOf, situations } = await readSubject({ ...options, layout }, flags, question);
  const { ways, findings } = explain(question, from, situations);
  const asked = service ?? options.to ?? '';
  const report: ExplainReport = {
    node,
    rulesOf,
    question: asked,
    verdict: verdictOfAll({ ways }),
    findings,
    ways,
  };
  await writeAll(process.stdout, [
    options.output === 'json'
      ? `${JSON.stringify(report, null, 2)}\n`
      : explainText(report, paintOn(process.stdout)),
  ]);
  return report.verdict === 'through' ? 0 : FAILED;
}

function questionOf(service: string | undefined, { to, protocol }: ExplainOptions): Question {
  if ((service === undefined) === (to === undefined)) {
    throw wrong(
      'explain',
      `expected a service or --to ADDRESS:PORT, got ${to === undefined ? 'neither' : 'both'}`,
    );
  }
  if (service !== undefined) return { kind: 'service', name: service, protocol };
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^[\]:]+)):(\d{1,5})$/.exec(to ?? '') ?? [];
  const address = parseAddress(bracketed ?? plain ?? '');
  const number = Number(port);
  if (address === undefined || !(number >= 1 && number <= 65_535)) {
    throw wrong(
      '--to',
      expectedGot('an address and port such as 192.0.2.10:30080 or [2001:db8::10]:30080', to),
    );
  }
  return { kind: 'destination', destination: { address, port: number, protocol: protocol ?? 'tcp' } };
}

function fromOf(text: string | undefined, question: Question): From {
  if (text === undefined) return { kind: 'default' };
  if (text === 'outside' || text === 'node' || text === 'pod') return { kind: text };
  const slash = text.lastIndexOf('/');
  const address = parseAddress(text.slice(slash + 1));
  if (address === undefined) {
    throw wrong('--from', expectedGot('outside, node, pod, an address, or NAMESPACE/ADDRESS of a pod', text));
  }
  refuseOtherFamily(address, question);
  return { kind: 'address', address, isPod: slash >= 0 };
}

function refuseOtherFamily(address: Address, question: Question): void {
  if (question.kind !== 'destination' || familyOf(address) === familyOf(question.destination.address)) return;
  throw wrong('--from', expectedGot(`an address of the family of ${question.destination.address}`, address));
}

function wrong(where: string, message: string): InputError {
  return new InputError([{ where, path: '', message }]);
}
