/** Puts a text into the colour of an SGR code, or leaves it as it is. */
export type Paint = (code: string, text: string) => string;

export const RED = '31';
export const GREEN = '32';
export const YELLOW = '33';
export const CYAN = '36';
export const BOLD = '1';
export const DIM = '2';
