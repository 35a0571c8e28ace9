/** What was asked for, or read, is wrong; or a comparison found a difference. */
export const FAILED = 1;
/** Something around us is wrong: a tool, a file, the kernel; or we are. */
export const TROUBLE = 2;
