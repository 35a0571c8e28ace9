import { garbled } from './fault.ts';

/** @throws FaultError where the text is no JSON */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw garbled(`${what} is not JSON`);
  }
}
