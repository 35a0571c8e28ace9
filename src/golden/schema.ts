import * as z from 'zod/mini';
import { described } from '../json/described.ts';

/*
 * What `golden --output json` prints. Fields may be added in later releases; none changes its meaning or
 * goes away.
 */

export const goldenFileSchema = z.strictObject({
  file: described(z.string(), 'The path of the golden file, from where the command ran.'),
  family: z.enum(['ipv4', 'ipv6']),
  nodes: described(
    z.readonly(z.array(z.string())),
    'The nodes with these rules, or that had them where the file is stale. Empty where the manifests know no node.',
  ),
  state: described(
    z.enum(['same', 'head', 'changed', 'missing', 'stale']),
    'How the file was found. head: the same rules, under a head that tells another command; missing: not written yet; stale: of no node that is left.',
  ),
  diff: described(
    z.nullable(z.string()),
    'A unified diff from the golden rules to those of the manifests. null where nothing differs, or there is nothing to compare with.',
  ),
});

export const goldenReportSchema = z.strictObject({
  directory: z.string(),
  same: described(z.boolean(), 'Whether every file was found with the rules that the manifests make.'),
  written: described(z.boolean(), 'Whether the files are now as they should be, since --write was given.'),
  files: described(z.readonly(z.array(goldenFileSchema)), 'By name.'),
});

export type GoldenReport = Readonly<z.infer<typeof goldenReportSchema>>;
