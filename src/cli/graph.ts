import { createWriteStream } from 'node:fs';
import type { LayoutChoice, LayoutSettings } from '../chains/layout-choice.ts';
import type { CommentPolicy } from '../chains/comments.ts';
import type { FlagValues } from '../config/flags.ts';
import type { Limits } from '../graph/cards.ts';
import { dotLines } from '../graph/dot.ts';
import { htmlPage } from '../graph/html.ts';
import { across } from '../graph/layout/across.ts';
import { nodePicture } from '../graph/node-picture.ts';
import { pageParts } from '../graph/page-parts.ts';
import type { Picture } from '../graph/picture.ts';
import { servicePicture } from '../graph/service-picture.ts';
import { dispatchOf, type Dispatch, type GraphService } from '../graph/services.ts';
import { svgDocument } from '../graph/svg.ts';
import type { Family } from '../net/address.ts';
import { describeValue, InputError } from '../problems/problem.ts';
import { didYouMean, nearServices } from '../text/near.ts';
import { readGraph, type Subject } from './graph-subject.ts';
import { writeAll } from './output.ts';
import { pngOf } from './png.ts';

const GRAPH_FORMATS = ['svg', 'png', 'dot', 'html'] as const;

export type GraphFormat = (typeof GRAPH_FORMATS)[number];

export interface GraphOptions {
  readonly filename?: readonly string[] | undefined;
  /** Reads the kernel: its counters, and its rules where no manifests are given. */
  readonly live: boolean;
  /** A file of iptables-save, or `-`. */
  readonly rules?: string | undefined;
  readonly layout: LayoutChoice;
  readonly comments: CommentPolicy;
  /** undefined: the node's primary family. */
  readonly family?: Family | undefined;
  /** undefined: as the name of the output file ends, else svg. */
  readonly output?: GraphFormat | undefined;
  /** undefined: standard output. */
  readonly out?: string | undefined;
}

/**
 * Draws the rules of a node, or of one service.
 *
 * @throws InputError with everything that is wrong with what was read
 */
export async function graph(
  service: string | undefined,
  options: GraphOptions,
  flags: FlagValues,
): Promise<void> {
  const format = options.output ?? formatNamed(options.out);
  if (format === 'png' && options.out === undefined && process.stdout.isTTY) {
    const message = 'needs --out, since a terminal cannot show it';
    throw new InputError([{ where: '--output png', path: '', message }]);
  }
  const layout: LayoutSettings = { name: options.layout, comments: options.comments };
  const subject = await readGraph({ ...options, layout }, flags);
  const dispatch = dispatchOf(subject.graph);
  const chosen = service === undefined ? undefined : serviceNamed(dispatch, service);
  const pieces = await drawn(format, subject, dispatch, chosen);
  if (options.out === undefined) await writeAll(process.stdout, pieces);
  else await writeAll(createWriteStream(options.out), pieces, true);
}

/** @throws InputError where the name of the file ends like another format's: it would hold what nobody expects */
function formatNamed(out: string | undefined): GraphFormat {
  const ending = /[^/]\.([^./]+)$/.exec(out ?? '')?.[1];
  if (ending === undefined) return 'svg';
  const format = GRAPH_FORMATS.find((each) => each === ending);
  if (format !== undefined) return format;
  const message = `expected a name that ends in ${GRAPH_FORMATS.map((each) => `.${each}`).join(', ')}, or --output with one of these, got ${describeValue(out)}`;
  throw new InputError([{ where: '--out', path: '', message }]);
}

/** @throws InputError where the rules have no such service, or several */
function serviceNamed({ services }: Dispatch, asked: string): GraphService {
  const exact = services.get(asked);
  if (exact !== undefined) return exact;
  const alike = [...services.values()].filter(({ name }) => name.endsWith(`/${asked}`));
  const [only] = alike;
  if (only !== undefined && alike.length === 1) return only;
  const near =
    only === undefined ? nearServices(asked, services.keys()) : alike.slice(0, 3).map(({ name }) => name);
  const message = `expected a service that the rules know${didYouMean(near)}, got ${describeValue(asked)}`;
  throw new InputError([{ where: 'graph', path: '', message }]);
}

/** A whole node's chains are drawn one by one while they are few. */
const NODE_LIMITS: Limits = { mostRows: 60, mostCards: 120 };
const SERVICE_LIMITS: Limits = { mostRows: 250, mostCards: 600 };
/** Graphviz is asked for by those who want all. */
const NO_LIMITS: Limits = { mostRows: Infinity, mostCards: Infinity };

async function drawn(
  format: GraphFormat,
  subject: Subject,
  dispatch: Dispatch,
  service: GraphService | undefined,
): Promise<readonly (string | Uint8Array)[] | Iterable<string>> {
  const picture = (limits: { readonly node: Limits; readonly service: Limits }): Picture =>
    service === undefined
      ? nodePicture(subject.graph, dispatch, subject.node, limits.node)
      : servicePicture(subject.graph, dispatch, service, limits.service);
  if (format === 'dot') return lines(dotLines(picture({ node: NO_LIMITS, service: NO_LIMITS })));
  if (format === 'html') {
    const { node, counted } = subject;
    return [htmlPage(subject.graph, { node, counted, service: service?.name }, pageParts())];
  }
  const shown = picture({ node: NODE_LIMITS, service: SERVICE_LIMITS });
  const { chains } = subject.graph;
  const svg = svgDocument(shown, across(shown), {
    ruleText: ({ chain, index }) => {
      const { name = '', rules = [] } = chains.get(chain) ?? {};
      return `-A ${name} ${rules[index]?.text ?? ''}`;
    },
  });
  return [format === 'svg' ? svg : await pngOf(svg)];
}

function* lines(texts: Iterable<string>): Iterable<string> {
  for (const text of texts) yield `${text}\n`;
}
