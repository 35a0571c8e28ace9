/** A command as a shell must know it to complete it. */
export interface CompletableCommand {
  readonly name: string;
  readonly options: readonly CompletableOption[];
  /** The words that may stand as its arguments. */
  readonly words: readonly CompletableWord[];
}

export interface CompletableWord {
  readonly text: string;
  /** Empty where the word says it all. */
  readonly description: string;
}

export interface CompletableOption {
  /** With its dashes, `--output`. */
  readonly long: string;
  /** With its dash, `-f`. */
  readonly short: string | undefined;
  readonly description: string;
  readonly value: OptionValue;
  readonly repeatable: boolean;
}

export type OptionValue =
  | { readonly kind: 'none' }
  /** May follow an equals sign, and nothing else. */
  | { readonly kind: 'bool' }
  | { readonly kind: 'oneOf'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  | { readonly kind: 'directory' }
  | { readonly kind: 'anything'; readonly what: string };

/** A text as one word of sh, bash and zsh. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
