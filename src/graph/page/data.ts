import type { PageData } from '../page-data.ts';
import type { RuleGraph } from '../rule-graph.ts';
import { graphOfSave } from '../save-text.ts';
import { element } from './dom.ts';

/** @throws Error where the page was cut off, or the browser cannot unpack */
export async function readData(): Promise<{ readonly data: PageData; readonly graph: RuleGraph }> {
  if (typeof DecompressionStream === 'undefined') {
    throw new Error('this browser is too old to unpack the rules; any of 2023 or newer can');
  }
  const data = JSON.parse(element('data').textContent) as PageData;
  const bytes = Uint8Array.from(atob(data.rules), (character) => character.charCodeAt(0));
  const unpacking = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const text = await new Response(unpacking).text();
  return { data, graph: graphOfSave(text.split('\n'), data.family) };
}
