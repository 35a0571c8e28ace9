import * as z from 'zod/mini';
import { OUTPUT_SCHEMAS } from './output-schemas.ts';

/** The JSON Schema of what a command prints as JSON; of all commands' under `$defs` where none is named. */
export async function outputSchema(command: string | undefined): Promise<object> {
  if (command !== undefined) return await schemaOf(command);
  const entries = await Promise.all(
    Object.keys(OUTPUT_SCHEMAS).map(async (name) => [name, await schemaOf(name)] as const),
  );
  return {
    $schema: DIALECT,
    title: 'What the commands of chainwright print with --output json',
    $defs: Object.fromEntries(entries),
  };
}

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

async function schemaOf(command: string): Promise<object> {
  const load = OUTPUT_SCHEMAS[command];
  if (load === undefined) throw new TypeError(`${command} prints no JSON`);
  const { $schema = DIALECT, ...schema } = z.toJSONSchema(await load(), { override: forReaders });
  return { $schema, title: `chainwright ${command} --output json`, ...schema };
}

/** Ours are strict, so that tests find what is not described; readers must let later fields pass. */
function forReaders({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  delete jsonSchema.additionalProperties;
  delete jsonSchema.readOnly;
}
