import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/cases.ts';

/* What the project has of each kind, in pieces: the fuzzer puts them together as it likes, small ones faster. */

export const TARGETS = ['configuration', 'manifests', 'saved-rules', 'watch', 'words'] as const;
export type TargetName = (typeof TARGETS)[number];

/** Longer ones are left out. */
export const LONGEST = 4096;

const WORDS = [
  ...['192.168.77.10', '010.1.2.3', 'fd00:77::10', '::ffff:10.0.0.1', '10.96.0.0/12', 'fd00:10:96::/112'],
  ...['0s', '1h30m0.5s', '-100ms', '1.5µs', '64Ki', '1e3', '[::1]:10249', '0.0.0.0:10256'],
  'ipv4 2 tcp 6 86399 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 [ASSURED] mark=0 use=1',
];

const SEEDS: Readonly<Record<TargetName, () => readonly string[]>> = {
  configuration: () => filesIn(['rules', 'test/data'], /config\.yaml$|\/configs\//),
  manifests: () =>
    filesIn(['rules', 'manifests/examples'], /\.yaml$/).flatMap((text) => text.split(/^---\n/m)),
  'saved-rules': () =>
    filesIn(['rules', 'test/data'], /\.rules$/).flatMap((text) => text.split(/(?<=^COMMIT\n)/m)),
  watch: () => filesIn(['test/data/apiserver'], /\.http$/).flatMap((text) => bodyOf(text).split(/(?<=\n)/)),
  words: () => WORDS,
};

/** Each text once. */
export function seedsOf(name: TargetName): readonly string[] {
  return [...new Set(SEEDS[name]())].filter(({ length }) => length > 0 && length <= LONGEST);
}

function filesIn(folders: readonly string[], wanted: RegExp): readonly string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        join(ROOT, folder, file),
      ),
    )
    .filter((path) => wanted.test(path))
    .map((path) => readFileSync(path, 'utf8'));
}

/** Of an answer by HTTP. */
function bodyOf(answer: string): string {
  return answer.slice(answer.search(/\r?\n\r?\n/)).trimStart();
}
