import { readFileSync } from 'node:fs';
import { MANIFESTS } from './deployed.ts';

export interface Instruction {
  /** `FROM`, in capitals. */
  readonly name: string;
  readonly text: string;
}

export interface Dockerfile {
  readonly instructions: readonly Instruction[];
  /** What the last stage sets. */
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
}

export function readDockerfile(): Dockerfile {
  const instructions = readFileSync(`${MANIFESTS}/image/Dockerfile`, 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): Instruction => {
      const [, name = '', text = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
      return { name, text };
    });
  const lastStage = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
  const texts = (name: string): readonly string[] =>
    lastStage.filter((each) => each.name === name).map(({ text }) => text);
  const env = texts('ENV').map((text) => text.split(/=(.*)/s).slice(0, 2) as [string, string]);
  return {
    instructions,
    env: Object.fromEntries(env),
    entrypoint: JSON.parse(texts('ENTRYPOINT')[0] ?? '[]') as string[],
  };
}

/** The Debian packages of the image. */
export function readPackages(): readonly string[] {
  return readFileSync(`${MANIFESTS}/image/packages`, 'utf8')
    .replace(/#.*/g, '')
    .split(/\s+/)
    .filter((name) => name !== '');
}
