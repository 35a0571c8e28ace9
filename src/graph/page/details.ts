import type { Card, Row } from '../picture.ts';
import type { RuleGraph } from '../rule-graph.ts';
import { counted, plural } from '../words.ts';
import { element, make } from './dom.ts';

/** The whole text of a rule, and what it has met. */
export function showRule(graph: RuleGraph, card: Card, row: Row): void {
  const box = element('details');
  const { place } = row;
  const chain = place === undefined ? undefined : graph.chains.get(place.chain);
  const rule = place === undefined ? undefined : chain?.rules[place.index];
  if (place === undefined || chain === undefined || rule === undefined) {
    box.replaceChildren(make('p', 'what', make('b', '', row.words), ` ${row.aside}`));
    return;
  }
  const position = `rule ${counted(place.index + 1)} of ${counted(chain.rules.length)} in ${chain.table} ${card.title}`;
  const met = rule.packets === undefined ? '' : `, ${plural(rule.packets, 'packet')}`;
  box.replaceChildren(
    make('p', 'what', make('b', '', row.words), make('span', 'muted', `${position}${met}`)),
    make('code', '', `-A ${chain.name} ${rule.text}`),
  );
}

export function showNothing(): void {
  element('details').replaceChildren(
    make('p', 'muted', 'Point at a rule, or move to it by keys, for its full text.'),
  );
}
