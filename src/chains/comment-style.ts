import {
  borderOf,
  hasComments,
  NO_BORDER,
  placeOf,
  type CommentBorder,
  type CommentPolicy,
  type Place,
} from './comments.ts';
import type { LayoutName } from './layout-choice.ts';
import type { Rule } from './rule.ts';
import type { ServiceRoutes } from '../routing/routes.ts';

/**
 * Where the rules of one service carry comments. kube-proxy's stand before the other matches: on all rules,
 * or on all but those of endpoints (`sparse`). A comment in front is evaluated for each rule that is walked
 * past, one at the end only for the rule that is met, which is what the indexed layout does.
 */
export type CommentStyle = 'first' | 'sparse' | 'last' | 'none';

/** The style of a service's rules, by whether it is among those with comments. */
function commentStyle(layout: LayoutName, policy: CommentPolicy, commented: boolean): CommentStyle {
  if (policy === 'never') return 'none';
  const full = commented || policy === 'always';
  if (layout === 'classic') return full ? 'first' : 'sparse';
  return full ? 'last' : 'none';
}

/** One version of a service, and how its rules carry comments. */
export interface StyledService {
  readonly service: ServiceRoutes;
  readonly style: CommentStyle;
}

/** All of a cluster's services, each in its style. */
export function styledServices(
  services: readonly ServiceRoutes[],
  layout: LayoutName,
  policy: CommentPolicy,
): readonly StyledService[] {
  const border = policy === 'auto' ? borderOf(services) : NO_BORDER;
  return services.map((service) => ({ service, style: styleAt(placeOf(service), border, layout, policy) }));
}

export function styleAt(
  place: Place,
  border: CommentBorder,
  layout: LayoutName,
  policy: CommentPolicy,
): CommentStyle {
  return commentStyle(layout, policy, hasComments(place, border));
}

export function hasEndpointComments(style: CommentStyle): boolean {
  return style === 'first' || style === 'last';
}

/** Rules that were written with their comments first, in another style. */
export function inStyle(rules: readonly Rule[], style: CommentStyle): readonly Rule[] {
  if (style === 'first' || style === 'sparse' || !rules.some(isCommented)) return rules;
  return rules
    .map((rule) => (isCommented(rule) ? withComments(rule, style) : rule))
    .filter(({ matches, target }) => matches.length > 0 || target);
}

function isCommented({ matches }: Rule): boolean {
  return matches.some(({ kind }) => kind === 'comment');
}

function withComments(rule: Rule, style: CommentStyle): Rule {
  const others = rule.matches.filter(({ kind }) => kind !== 'comment');
  if (style === 'none') return { ...rule, matches: others };
  return { ...rule, matches: [...others, ...rule.matches.filter(({ kind }) => kind === 'comment')] };
}
