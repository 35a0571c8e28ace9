import { graphOfRuleset } from '../../../src/graph/of-ruleset.ts';
import type { Picture } from '../../../src/graph/picture.ts';
import type { RuleGraph } from '../../../src/graph/rule-graph.ts';
import { graphOfSave } from '../../../src/graph/save-text.ts';
import { servicePicture } from '../../../src/graph/service-picture.ts';
import { dispatchOf } from '../../../src/graph/services.ts';
import type { LayoutName } from '../../../src/chains/layout-choice.ts';
import { rulesetOf } from '../../../src/chains/layout.ts';
import type { CommentPolicy } from '../../../src/chains/comments.ts';
import { chooseNode } from '../../../src/cluster/identity.ts';
import type { Family } from '../../../src/net/address.ts';
import { nodeView } from '../../../src/routing/node-view.ts';
import { clusterRoutes } from '../../../src/routing/routes.ts';
import { CAPTURE_HOST, casesIn, loadCase, RULE_BOOK, type Case } from '../../support/cases.ts';

export const LIMITS = { mostRows: 300, mostCards: 600 };
export const CASES = casesIn(RULE_BOOK);

/** @throws Error where the rule book has no such case */
export function caseNamed(name: string): Case {
  const found = CASES.find((folder) => folder.name === name);
  if (found === undefined) throw new Error(`no case ${name}`);
  return found;
}

export function graphOfCase(
  folder: Case,
  family: Family = 'ipv4',
  layout: LayoutName = 'classic',
  comments: CommentPolicy = 'auto',
): RuleGraph {
  const { cluster, settings } = loadCase(folder);
  const view = nodeView(family, settings, chooseNode(cluster, settings).identity, CAPTURE_HOST);
  return graphOfRuleset(rulesetOf({ name: layout, comments }, clusterRoutes(cluster, view), view));
}

/** @throws Error where the rules have no such service */
export function pictureOf(graph: RuleGraph, name: string): Picture {
  const dispatch = dispatchOf(graph);
  const service = dispatch.services.get(name);
  if (service === undefined) throw new Error(`no service ${name}`);
  return servicePicture(graph, dispatch, service, LIMITS);
}

/** A picture as text, a line for each rule, with where it leads and how much reaches there. */
export function outline({ cards, edges }: Picture): readonly string[] {
  return cards.flatMap(({ id, title, rows, leftOut }) => [
    title,
    ...rows.map(({ words, aside }, index) => {
      const edge = edges.find(({ from, row }) => from === id && row === index);
      const to = cards.find((card) => card.id === edge?.to)?.title;
      const reach = edge === undefined ? '' : ` => ${to ?? '?'} ${edge.conditional ? '?' : edge.reach}`;
      return `  ${words}${aside === '' ? '' : ` (${aside})`}${reach}`;
    }),
    ...(leftOut === '' ? [] : [`  + ${leftOut}`]),
  ]);
}

/** What is hard on those who print names; a dump may hold any of it in a comment. */
export const HOSTILE: readonly string[] = [
  `"><script>alert(1)</script><img src=x onerror=alert(2)>`,
  `</script><!--<script>`,
  `]]></style></svg>&lt;&#0;`,
  `a\\" ]; x -> y [label="b`,
  `ünï→日本語 \u202eevil\u2028\u2029`,
  'x'.repeat(300),
  `--to-destination 6.6.6.6:666 -j KUBE-SVC-EVIL`,
  `{{constructor}} __proto__ $\{7*7}`,
];

/** A dump with two services, whose chain of endpoints has a comment of ours. */
export function hostileDump(comment: string): string {
  const quoted = `"${comment.replace(/[\\"]/g, (character) => `\\${character}`)}"`;
  return `*nat
:PREROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]
:KUBE-SVC-BBBBBBBBBBBBBBBB - [0:0]
:KUBE-SEP-AAAAAAAAAAAAAAAA - [0:0]
[5:300] -A PREROUTING -m comment --comment ${quoted} -j KUBE-SERVICES
[2:120] -A KUBE-SERVICES -d 10.96.0.7/32 -p tcp -m comment --comment ${quoted} -m tcp --dport 80 -j KUBE-SVC-AAAAAAAAAAAAAAAA
[1:60] -A KUBE-SERVICES -d 10.96.0.8/32 -p tcp -m comment --comment "web/shop cluster IP" -m tcp --dport 80 -j KUBE-SVC-BBBBBBBBBBBBBBBB
[2:120] -A KUBE-SVC-AAAAAAAAAAAAAAAA -m comment --comment ${quoted} -j KUBE-SEP-AAAAAAAAAAAAAAAA
[1:60] -A KUBE-SVC-BBBBBBBBBBBBBBBB -m comment --comment ${quoted}
[2:120] -A KUBE-SEP-AAAAAAAAAAAAAAAA -p tcp -m comment --comment ${quoted} -m tcp -j DNAT --to-destination 10.244.1.5:8080
COMMIT
`;
}

export function graphOfHostile(comment: string): RuleGraph {
  return graphOfSave(hostileDump(comment).split('\n'), 'ipv4');
}
