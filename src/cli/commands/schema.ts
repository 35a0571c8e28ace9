import { Argument, Command } from 'commander';
import { manualText } from '../manual.ts';
import { OUTPUT_SCHEMAS } from '../output-schemas.ts';

const MANUAL = manualText({
  sections: [
    {
      heading: 'What is promised',
      paragraphs: [
        'Fields may be added in later releases. None changes its meaning, and none goes away: a program that passes over what it does not know goes on working.',
      ],
    },
  ],
  examples: [
    ['of one command', 'chainwright schema ports'],
    ['of all, under $defs', 'chainwright schema'],
    ['what is told of a golden file', "chainwright schema golden | jq '.properties.files.items'"],
  ],
  exitCodes: [
    [0, 'the schema was printed'],
    [1, 'there is no such command, or it prints no data'],
  ],
  seeAlso: ['https://json-schema.org'],
});

export function schemaCommand(end: (code: number) => void): Command {
  const command = new Command('schema')
    .description('Print the JSON Schema of what a command prints with --output json, or of all commands.')
    .addArgument(
      new Argument('[command]', 'whose; all, where none is named').choices(Object.keys(OUTPUT_SCHEMAS)),
    )
    .addHelpText('after', MANUAL);
  return command.action(async (name: string | undefined) => {
    const { outputSchema } = await import('../schema.ts');
    const { writeAll } = await import('../output.ts');
    await writeAll(process.stdout, [`${JSON.stringify(await outputSchema(name), null, 2)}\n`]);
    end(0);
  });
}
