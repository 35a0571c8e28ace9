import { dataText, propertyText } from '../text/github.ts';
import { closingLine, serviceHead, serviceLines } from './lines.ts';
import type { DiffReport } from './schema.ts';

/** Where a manifest has a Service. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/**
 * The report as commands for the log of GitHub Actions: an annotation for each service, a warning where
 * clients may notice.
 *
 * @param placeOf where a service (`namespace/name`) stands in the manifests; undefined where it does not
 */
export function diffGithub(report: DiffReport, placeOf: (service: string) => Place | undefined): string {
  const ofNode = report.node.map((words) => command('warning', undefined, 'the node', words));
  const ofServices = report.services.map((service) => {
    const lines = serviceLines(service);
    const level = lines.some(({ grave }) => grave) ? 'warning' : 'notice';
    const text = lines.flatMap(({ words, endpoints }) => [words, ...endpoints]).join('\n');
    return command(level, placeOf(service.service), serviceHead(service), text);
  });
  const folded = (report.rules ?? []).flatMap(({ family, diff }) => [
    `::group::rules of ${family}`,
    ...diff.trimEnd().split('\n'),
    '::endgroup::',
  ]);
  return `${[...ofNode, ...ofServices, ...folded, closingLine(report)].join('\n')}\n`;
}

function command(level: 'warning' | 'notice', place: Place | undefined, title: string, text: string): string {
  const where = place === undefined ? [] : [`file=${propertyText(place.file)}`, `line=${place.line}`];
  return `::${level} ${[...where, `title=${propertyText(title)}`].join(',')}::${dataText(text)}`;
}
