import type { Command } from 'commander';
import { program } from '../../src/cli/program.ts';
import { flagValues } from '../../src/config/commander.ts';
import { readConfig } from '../../src/config/load.ts';

/** The words after `chainwright` in each place where a line of shell calls it. */
export function calls(line: string): readonly (readonly string[])[] {
  const tokens = line.match(/'[^']*'|"[^"]*"|[^\s|;<>()&'"]+|[|;<>()&]/g) ?? [];
  return tokens.flatMap((token, index) => {
    if (token !== 'chainwright') return [];
    const rest = tokens.slice(index + 1);
    const end = rest.findIndex((word) => /^[|;<>()&]$/.test(word));
    return [rest.slice(0, end === -1 ? undefined : end).map((word) => word.replaceAll(/^['"]|['"]$/g, ''))];
  });
}

/** Reads a command line as the program does, and does nothing. Values of kube-proxy's flags are checked too. */
export async function parse(words: readonly string[]): Promise<string> {
  const root = program(() => undefined);
  let parsed: Command | undefined;
  for (const command of root.commands) {
    command.action(() => {
      parsed = command;
    });
  }
  await root.parseAsync(words, { from: 'user' });
  if (parsed === undefined) throw new Error(`${words.join(' ')}: no command was run`);
  readConfig({ flags: { ...flagValues(parsed), config: [] } });
  return parsed.name();
}
