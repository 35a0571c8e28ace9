/*
 * Text within the commands by which a program speaks to GitHub Actions through its log: the characters that
 * would end a command or its data, as GitHub's own toolkit writes them.
 */

/** What a command says. */
export function dataText(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** The value of a property of a command. */
export function propertyText(text: string): string {
  return dataText(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
