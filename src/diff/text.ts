import { closingLine, serviceHead, serviceLines } from './lines.ts';
import type { DiffReport } from './schema.ts';

/** Puts a colour of ANSI round a text, or leaves it. */
export type Paint = (code: string, text: string) => string;

/** The report for people. */
export function diffText(report: DiffReport, paint: Paint): string {
  const lines = [
    ...report.node.flatMap((words) => [paint('1', 'the node'), `  ${words}`]),
    ...report.services.flatMap((service) => [
      paint('1', serviceHead(service)),
      ...serviceLines(service).flatMap(({ words, grave, endpoints }) => [
        `  ${grave ? paint('33', words) : words}`,
        ...endpoints.map((line) => `      ${paintSign(line, paint)}`),
      ]),
    ]),
    ...(report.rules ?? []).flatMap(({ diff }) =>
      diff
        .trimEnd()
        .split('\n')
        .map((line) => paintSign(line, paint)),
    ),
    closingLine(report),
  ];
  return `${lines.join('\n')}\n`;
}

function paintSign(line: string, paint: Paint): string {
  if (line.startsWith('@@')) return paint('36', line);
  if (line.startsWith('+')) return paint('32', line);
  return line.startsWith('-') ? paint('31', line) : line;
}
