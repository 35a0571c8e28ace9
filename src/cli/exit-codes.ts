/** What was asked for, or read, is wrong; or a comparison found a difference. */
export const FAILED = 1;
/** Something around us is wrong: a tool, a file, the kernel; or we are. */
export const TROUBLE = 2;

/** Commands whose code 1 is a finding: wrong input ends them with 2, so as not to look like one. */
export const FINDERS: ReadonlySet<string> = new Set([
  'check',
  'diff',
  'explain',
  'golden',
  'lab',
  'ports',
  'status',
]);
