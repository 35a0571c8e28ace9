import type * as z from 'zod/mini';

/** What each command prints with `--output json`. A command that prints data adds a line. */
export const OUTPUT_SCHEMAS: Readonly<Record<string, () => Promise<z.core.$ZodType>>> = {
  check: async () => (await import('../inspect/check/schema.ts')).checkReportSchema,
  diff: async () => (await import('../diff/schema.ts')).diffReportSchema,
  explain: async () => (await import('../explain/schema.ts')).explainReportSchema,
  golden: async () => (await import('../golden/schema.ts')).goldenReportSchema,
  lab: async () => (await import('../lab/schema.ts')).labReportSchema,
  ports: async () => (await import('../ports/schema.ts')).portsReportSchema,
  render: async () => (await import('../iptables/json-schema.ts')).rulesetSchema,
  status: async () => (await import('../status/schema.ts')).statusReportSchema,
};
