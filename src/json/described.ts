import * as z from 'zod/mini';

/** A schema with a sentence on what the value means, which JSON Schema carries along. */
export function described<Schema extends z.ZodMiniType>(schema: Schema, text: string): Schema {
  return schema.check(z.describe(text));
}
