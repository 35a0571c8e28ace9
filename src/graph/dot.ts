import type { Card, Edge, Picture } from './picture.ts';
import { LIGHT } from './theme.ts';

/** A picture for Graphviz: each chain a record of its rules, each jump an edge from its rule. */
export function* dotLines({ title, cards, edges }: Picture): Iterable<string> {
  const ids = new Map(cards.map(({ id }, index) => [id, `chain${index}`]));
  yield 'digraph rules {';
  yield `  graph [rankdir=LR, label=${quoted(title)}, labelloc=t, fontname="sans-serif", nodesep=0.2, ranksep=0.9]`;
  yield '  node [shape=plain, fontname="sans-serif", fontsize=11]';
  yield `  edge [color="${LIGHT.line}", arrowsize=0.6]`;
  for (const card of cards) yield `  ${ids.get(card.id) ?? ''} [label=<${tableOf(card)}>]`;
  for (const edge of edges) {
    const from = ids.get(edge.from);
    const to = ids.get(edge.to);
    if (from !== undefined && to !== undefined)
      yield `  ${from}:r${edge.row}:e -> ${to}:head:w${styleOf(edge)}`;
  }
  yield '}';
}

function styleOf({ reach, conditional }: Edge): string {
  if (conditional) return ` [style=dashed, color="${LIGHT.conditionalLine}"]`;
  return ` [penwidth=${(1 + 5 * reach).toFixed(2)}, weight=${Math.max(1, Math.round(10 * reach))}]`;
}

function tableOf({ title, subtitle, tone, rows, leftOut }: Card): string {
  const head = `<tr><td port="head" bgcolor="${LIGHT.heads[tone]}"><b>${html(title)}</b><br/>${html(subtitle)}</td></tr>`;
  const lines = rows.map(
    ({ words, aside }, index) =>
      `<tr><td port="r${index}" align="left">${html(aside === '' ? words : `${words}  (${aside})`)}</td></tr>`,
  );
  const rest = leftOut === '' ? '' : `<tr><td align="left"><i>${html(leftOut)}</i></td></tr>`;
  const attributes = `border="1" color="${LIGHT.border}" cellborder="0" cellspacing="0" cellpadding="4"`;
  return `<table ${attributes}>${head}${lines.join('')}${rest}</table>`;
}

/** Graphviz stops at an empty cell's text, and at characters that XML does not know. */
function html(text: string): string {
  const line = text.replace(/[^\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ' ');
  if (line === '') return ' ';
  return line.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function quoted(text: string): string {
  const line = text.replace(/[^\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ' ');
  return `"${line.replace(/[\\"]/g, (character) => `\\${character}`)}"`;
}
