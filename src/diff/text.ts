import { BOLD, CYAN, GREEN, RED, YELLOW, type Paint } from '../text/paint.ts';
import { closingLine, serviceHead, serviceLines } from './lines.ts';
import type { DiffReport } from './schema.ts';

/** The report for people. */
export function diffText(report: DiffReport, paint: Paint): string {
  const lines = [
    ...report.node.flatMap((words) => [paint(BOLD, 'the node'), `  ${words}`]),
    ...report.services.flatMap((service) => [
      paint(BOLD, serviceHead(service)),
      ...serviceLines(service).flatMap(({ words, grave, endpoints }) => [
        `  ${grave ? paint(YELLOW, words) : words}`,
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
  if (line.startsWith('@@')) return paint(CYAN, line);
  if (line.startsWith('+')) return paint(GREEN, line);
  return line.startsWith('-') ? paint(RED, line) : line;
}
