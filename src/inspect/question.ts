import type { Mark } from '../chains/rule.ts';
import { isLocal } from './facts.ts';
import type { Answer, Header } from './header.ts';
import type { PortRange, Question } from './inspected-rule.ts';

/** What may differ between packets that were alike when they came, and what questions are asked about. */
export interface Traits {
  readonly mark: Mark;
  /** Lists of `-m recent` that the packet's own source was put into on its way. */
  readonly seen: ReadonlySet<string> | undefined;
}

export function answerTo(question: Question, header: Header, traits: Traits): Answer {
  switch (question.kind) {
    case 'comment':
    case 'always':
      return true;
    case 'protocol':
      return question.protocol === header.protocol;
    case 'otherProtocol':
      return false;
    case 'destinationPort':
      return question.protocol === header.protocol && question.port === header.destinationPort;
    case 'destinationPorts':
      return question.protocol === header.protocol && isIn(question, header.destinationPort);
    case 'ports':
      return portsAnswer(question, header);
    case 'connectionState':
      return question.states.some((state) => header.states.includes(state)) !== question.not;
    case 'mark':
      return hasMark(traits.mark, question.mark, question.mark) !== question.not;
    case 'maskedMark':
      return hasMark(traits.mark, question.value, question.mask);
    case 'localAddress':
      return localAnswer(question.side, header);
    case 'bridged':
      return header.bridged;
    case 'recentlySeen':
      return seenAnswer(question.list, header, traits);
    case 'except': {
      const answer = answerTo(question.match, header, traits);
      return typeof answer === 'boolean' ? !answer : { part: `! ${answer.part}` };
    }
    case 'unknown':
      return { part: question.text };
  }
}

function isIn({ first, last }: PortRange, port: number): boolean {
  return port >= first && port <= last;
}

function hasMark(mark: Mark, value: Mark, mask: Mark): boolean {
  // Bitwise results are signed: comparing them with each other is safe, with marks it is not.
  return (mark & mask) === (value | 0);
}

function portsAnswer(
  { protocol, side, ranges }: Extract<Question, { kind: 'ports' }>,
  header: Header,
): Answer {
  if (protocol !== header.protocol) return false;
  const holds = (port: number): boolean => ranges.some((range) => isIn(range, port));
  if (side !== 'source' && holds(header.destinationPort)) return true;
  if (side === 'destination') return false;
  return header.sourcePort === undefined ? { part: 'the source port' } : holds(header.sourcePort);
}

function localAnswer(side: 'source' | 'destination', { source, destination, facts }: Header): boolean {
  if (side === 'destination') return isLocal(facts, destination.address);
  // Masquerading gives an address of the node.
  return source === undefined || isLocal(facts, source.address);
}

function seenAnswer(list: string, { source, facts }: Header, { seen }: Traits): Answer {
  if (seen?.has(list) === true) return true;
  if (source === undefined)
    return { part: `-m recent --rcheck --name ${list}, once the source was masqueraded` };
  return facts.remembered?.get(list)?.has(source.address) === true;
}
