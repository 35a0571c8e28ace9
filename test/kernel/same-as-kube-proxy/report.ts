import { stringify } from 'yaml';
import type { ApiChange, Step } from './cluster.ts';
import type { NamedConfig } from './configs.ts';
import { knownDifferences } from './differences.ts';
import type { Counterexample } from './shrink.ts';

/** A counterexample for a reader: the cluster, what happened in it, and the lines that differ. */
export function reportOf({ steps, found: { where, lines } }: Counterexample, config: NamedConfig): string {
  const theirs = lines.filter(({ of }) => of === 'kube-proxy').map(({ line }) => `  ${line}`);
  const ours = lines.filter(({ of }) => of === 'chainwright').map(({ line }) => `  ${line}`);
  return [
    ...steps.flatMap((step, index) => stepText(step, index)),
    `in ${where}, kube-proxy alone has:`,
    ...theirs,
    `in ${where}, chainwright alone has:`,
    ...ours,
    'not counted, since it is known to differ:',
    ...knownDifferences(config).map(({ name, why }) => `  ${name}: ${why}`),
  ].join('\n');
}

function stepText(
  { changes, interfaceAddresses, restart, isCutOff }: Step,
  index: number,
): readonly string[] {
  return [
    `--- step ${index}`,
    ...(interfaceAddresses.length > 0 ? [`# the interface has ${interfaceAddresses.join(', ')} too`] : []),
    ...(restart === undefined
      ? []
      : [`# ${restart === 'ours' ? 'chainwright' : 'kube-proxy'} is started anew`]),
    ...(isCutOff ? ['# the watches break, and all is listed anew'] : []),
    ...changes.map(changeText),
  ];
}

function changeText({ plural, key, object }: ApiChange): string {
  const what = `${plural}/${key}`;
  return object === undefined
    ? `${what}: gone`
    : stringify(
        { [what]: object },
        { flowCollectionPadding: false, collectionStyle: 'flow', lineWidth: 0 },
      ).trimEnd();
}
