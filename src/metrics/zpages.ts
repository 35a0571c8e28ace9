import type { Flag, FlagValues } from '../config/flags.ts';

/*
 * The pages /statusz and /flagz of a Kubernetes component, in plain text alone. Their forms for machines are
 * not served: kube-proxy's own say that text may change at any time, and nothing of ours reads either.
 *
 * Source: k8s.io/apiserver/pkg/server/statusz and flagz.
 */

const WARNING =
  'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.';
const COMPONENT = 'kube-proxy';

export interface Status {
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  readonly now: number;
  readonly paths: readonly string[];
}

export function statuszText({ version, started, now, paths }: Status): string {
  const seconds = Math.floor((now - started) / 1000);
  const two = (part: number): string => String(Math.floor(part)).padStart(2, '0');
  const up = `${Math.floor(seconds / 3600)} hr ${two((seconds / 60) % 60)} min ${two(seconds % 60)} sec`;
  return [
    '',
    `${COMPONENT} statusz`,
    WARNING,
    '',
    `Started: ${new Date(started).toUTCString()}`,
    `Up: ${up}`,
    `Node.js version: ${process.version}`,
    `Binary version: ${version}`,
    `Paths: ${paths.toSorted().join(' ')}`,
    '',
  ].join('\n');
}

/**
 * Every flag with its value: the one that was given, else its default. What stands in the configuration file
 * does not show here, as it does not with kube-proxy; /configz has what is in force.
 *
 * @param flags all that the command knows
 */
export function flagzText(flags: readonly Flag[], given: FlagValues): string {
  const lines = flags
    .filter(({ use }) => use !== 'refused')
    .map((flag) => `${flag.name} ${given[flag.name]?.join(',') ?? flag.default ?? emptyValue(flag)}`)
    .sort();
  return ['', `${COMPONENT} flagz`, WARNING, ...lines, ''].join('\n');
}

function emptyValue({ kind }: Flag): string {
  switch (kind) {
    case 'bool':
    case 'boolOrText':
      return 'false';
    case 'int':
    case 'float':
      return '0';
    case 'duration':
      return '0s';
    case 'list':
      return '[]';
    case 'text':
    case 'nonEmpty':
    case 'gates':
    case 'levels':
      return '';
  }
}
