import { InvalidArgumentError, Option } from 'commander';
import { INPUT } from '../manual.ts';

/**
 * `-f`, which may be repeated; its value is a list of paths.
 *
 * @param nodes how one says which nodes are meant
 */
export function manifestsOption(nodes = 'of several nodes --hostname-override names one'): Option {
  const meaning = 'manifests: a file, a directory, or - for standard input; may be repeated';
  return new Option('-f, --filename <path>', `${meaning}; ${nodes}`)
    .helpGroup(INPUT)
    .argParser((value: string, before: readonly string[] | undefined): readonly string[] => {
      if (value === '') throw new InvalidArgumentError('expected a path.');
      return [...(before ?? []), value];
    });
}

export function layoutOption(): Option {
  const meaning = "of the chains: kube-proxy's own, or trees that stay quick with many services";
  return new Option('--layout <layout>', meaning).choices(['auto', 'classic', 'indexed']).default('auto');
}

export function commentsOption(): Option {
  const meaning = "on the rules of services; auto: of the first 1,000 endpoints, as kube-proxy's";
  return new Option('--comments <policy>', meaning).choices(['auto', 'always', 'never']).default('auto');
}
