import { InvalidArgumentError, Option } from 'commander';

/** `-f`, which may be repeated; its value is a list of paths. */
export function manifestsOption(): Option {
  const meaning = 'manifests: a file, a directory, or - for standard input; may be repeated';
  return new Option('-f, --filename <path>', meaning).argParser(
    (value: string, before: readonly string[] | undefined): readonly string[] => {
      if (value === '') throw new InvalidArgumentError('expected a path.');
      return [...(before ?? []), value];
    },
  );
}

/** Examples for the end of a command's help. */
export function examples(rows: readonly (readonly [meaning: string, command: string])[]): string {
  return `\nExamples:\n${rows.map(([meaning, command]) => `  # ${meaning}\n  ${command}`).join('\n')}\n`;
}
