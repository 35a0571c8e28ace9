import { closingLine, serviceHead, serviceLines } from './lines.ts';
import type { DiffReport } from './schema.ts';

/** GitHub takes 65,536 characters as a comment; what is around it needs some. */
const MOST_CHARACTERS = 60_000;

/** The report as a comment on a pull request: a list of services, and the rules folded up below. */
export function diffMarkdown(report: DiffReport): string {
  const lines = [
    `**${closingLine(report)}**`,
    '',
    ...report.node.map((words) => `- ${escaped(words)}`),
    ...report.services.flatMap((service) => [
      `- **${escaped(serviceHead(service))}**`,
      ...serviceLines(service).flatMap(({ words, grave, endpoints }) => [
        `  - ${grave ? ':warning: ' : ''}${escaped(words)}`,
        ...endpoints.map((line) => `    - \`${line}\``),
      ]),
    ]),
  ];
  const text = fitting(lines, MOST_CHARACTERS);
  const rules = (report.rules ?? []).map(({ diff }) => diff).join('');
  if (rules === '') return `${text}\n`;
  const shown = fitting(rules.trimEnd().split('\n'), MOST_CHARACTERS - text.length);
  return `${text}\n\n<details><summary>Rules</summary>\n\n\`\`\`diff\n${shown}\n\`\`\`\n\n</details>\n`;
}

/** As many whole lines as fit, and how many do not. */
function fitting(lines: readonly string[], characters: number): string {
  const shown: string[] = [];
  let length = 0;
  for (const line of lines) {
    length += line.length + 1;
    if (length > characters)
      return [...shown, '', `and ${lines.length - shown.length} more lines`].join('\n');
    shown.push(line);
  }
  return shown.join('\n');
}

function escaped(text: string): string {
  return text.replaceAll(/[\\`*_<>|]/g, (character) => `\\${character}`);
}
