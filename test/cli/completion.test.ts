import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { program } from '../../src/cli/program.ts';
import { chainwright } from './chainwright.ts';

type Shell = 'bash' | 'zsh' | 'fish';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chainwright-test-'));
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const { exitCode, stdout, stderr } = await chainwright(['completion', shell]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    await writeFile(join(directory, `completion.${shell}`), `${stdout}\n`);
  }
  await mkdir(join(directory, 'golden files'));
  await writeFile(join(directory, 'web.yaml'), '');
});

afterAll(() => rm(directory, { recursive: true }));

/** What bash would offer, its words given as readline splits them; the last is being typed. */
async function offeredByBash(...words: readonly string[]): Promise<readonly string[]> {
  const script = `set -eu
source ./completion.bash
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_chainwright || true
[[ \${#COMPREPLY[@]} -eq 0 ]] || printf '%s\\n' "\${COMPREPLY[@]}"`;
  const args = ['--norc', '--noprofile', '-c', script, 'bash', 'chainwright', ...words];
  const { stdout, stderr } = await execa('bash', args, { cwd: directory });
  expect(stderr).toBe('');
  return stdout === '' ? [] : stdout.split('\n');
}

/** What fish would offer for a line of which the last word is being typed. */
async function offeredByFish(line: string): Promise<readonly string[]> {
  const script = `source completion.fish; complete --do-complete '${line}'`;
  const { stdout } = await execa('fish', ['--no-config', '-c', script], { cwd: directory });
  return stdout === '' ? [] : stdout.split('\n').map((row) => row.split('\t')[0] ?? '');
}

/** The words that the program gets when a person types into a shell at a terminal; \t is the key. */
async function typed(shell: Shell, lines: readonly string[]): Promise<readonly (readonly string[])[]> {
  const command = { bash: 'bash --norc --noprofile -i', zsh: 'zsh -f -i', fish: 'fish --no-config -i' }[
    shell
  ];
  const env = { PATH: process.env.PATH, HOME: directory, TERM: 'dumb' };
  const terminal = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    cwd: directory,
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const until = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(output);
      if (found !== null) return found;
      if (terminal.exitCode !== null) throw new Error(`${shell} ended: ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  try {
    const load = shell === 'zsh' ? 'autoload -U compinit; compinit -u -D; ' : '';
    // The quotes keep the echo of what is typed from looking like what is printed.
    terminal.stdin.write(`${load}source ./completion.${shell}; echo "load""ed"\n`);
    await until(/loaded/);
    terminal.stdin.write(`chainwright() { printf '<%s' "$@"; echo '>''>'; }; echo "defin""ed"\n`);
    await until(/defined/);
    const heard: (readonly string[])[] = [];
    for (const line of lines) {
      output = '';
      terminal.stdin.write(`${line}\n`);
      const [, words = ''] = await until(/<([^\r\n]*)>>/);
      heard.push(words.split('<'));
    }
    return heard;
  } finally {
    const killing = setTimeout(() => terminal.kill(), 5_000);
    terminal.stdin.end('exit\n');
    await once(terminal, 'close');
    clearTimeout(killing);
  }
}

/** Where a test tool is missing, its tests are skipped, and the report of the run shows it. */
const has = (tool: string): boolean =>
  execaSync('sh', ['-c', `command -v ${tool}`], { reject: false }).exitCode === 0;

describe('completion by bash', () => {
  it.each([
    [['go'], ['golden']],
    [['golden', '--outp'], ['--output']],
    [
      ['golden', '--output', ''],
      ['text', 'json', 'github'],
    ],
    [
      ['golden', '--output', '='],
      ['text', 'json', 'github'],
    ],
    [['golden', '--output', '=', 'j'], ['json']],
    // Where COMP_WORDBREAKS has no equals sign.
    [['golden', '--output=j'], ['--output=json']],
    [['golden', '--check', 'g'], ['golden files']],
    [['golden', '--check', 'w'], []],
    [['render', '-f', 'w'], ['web.yaml']],
    [['render', '--config', '=', 'w'], ['web.yaml']],
    [
      ['render', '--masquerade-all', '=', ''],
      ['true', 'false'],
    ],
    [['render', '--detect-local-mode', 'N'], ['NodeCIDR']],
    [['golden', '--node', ''], []],
    [
      ['ports', '--source', ''],
      ['api', 'dir:'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['schema', 'go'], ['golden']],
    [['help', 'rend'], ['render']],
    // A value that is a command's name is none.
    [['render', '-f', 'golden', '--chec'], []],
  ])('of %j offers %j', async (words, offered) => {
    expect(await offeredByBash(...words)).toEqual(offered);
  });

  it('offers commands before options, and options when asked', async () => {
    const commands = await offeredByBash('');
    expect(commands).toEqual(expect.arrayContaining(['run', 'golden', 'help']));
    expect(commands.filter((word) => word.startsWith('-') || word === 'lab-agent')).toEqual([]);
    expect(await offeredByBash('-')).toEqual(['-V', '--version', '-h', '--help']);
  });

  it('is registered', async () => {
    const script = 'source ./completion.bash; complete -p chainwright';
    const { stdout } = await execa('bash', ['--norc', '-c', script], { cwd: directory });
    expect(stdout).toBe('complete -F _chainwright chainwright');
  });
});

describe('completion by fish', () => {
  it.skipIf(!has('fish')).each([
    ['chainwright go', ['golden']],
    ['chainwright golden --outp', ['--output']],
    ['chainwright golden --output ', ['github', 'json', 'text']],
    ['chainwright golden --output=j', ['--output=json']],
    ['chainwright golden --check g', ['golden files/']],
    ['chainwright render -f w', ['web.yaml']],
    ['chainwright golden --node ', []],
    ['chainwright completion ', ['bash', 'fish', 'zsh']],
    ['chainwright schema go', ['golden']],
    ['chainwright help rend', ['render']],
    ['chainwright render -f golden --chec', []],
  ])('of "%s" offers %j', async (line, offered) => {
    expect(await offeredByFish(line)).toEqual(offered);
  });
});

describe('a person at a terminal', () => {
  it.skipIf(!has('script'))('of bash', async () => {
    expect(
      await typed('bash', [
        'chainwright gol\t--outp\tjso\t--check g\t -f we\t',
        'chainwright ren\t--layout=ind\t--out-dir=g\t -f we\t',
      ]),
    ).toEqual([
      ['golden', '--output', 'json', '--check', 'golden files/', '-f', 'web.yaml'],
      ['render', '--layout=indexed', '--out-dir=golden files/', '-f', 'web.yaml'],
    ]);
  });

  it.skipIf(!has('script') || !has('zsh'))('of zsh', async () => {
    expect(
      await typed('zsh', [
        'chainwright gol\t--outp\tjso\t--check g\t -f we\t',
        'chainwright ren\t--layout=ind\t--out-dir=g\t -f we\t --masquerade-all=tr\t',
        'chainwright completion z\t',
        'chainwright schema gol\t',
      ]),
    ).toEqual([
      ['golden', '--output=json', '--check', 'golden files', '-f', 'web.yaml'],
      ['render', '--layout=indexed', '--out-dir=golden files', '-f', 'web.yaml', '--masquerade-all=true'],
      ['completion', 'zsh'],
      ['schema', 'golden'],
    ]);
  });
});

describe('the script of each shell', () => {
  it.each([
    ['bash', (long: string) => new RegExp(`[' ]${long}[' ]`)],
    ['zsh', (long: string) => new RegExp(`[',*]${long}[=\\[},]`)],
    ['fish', (long: string) => new RegExp(` --long-option ${long.slice(2)} `)],
  ] as const)('knows every option that help shows: %s', async (shell, spelled) => {
    const { stdout } = await chainwright(['completion', shell]);
    const root = program(() => undefined);
    const help = root.createHelp();
    const commands = help.visibleCommands(root).filter((command) => command.name() !== 'help');
    expect(commands.length).toBeGreaterThan(6);
    const blockOf: Readonly<Record<Shell, (name: string) => RegExp>> = {
      bash: (name) => new RegExp(`^    ${name}\\) .*$`, 'm'),
      zsh: (name) => new RegExp(`^        ${name}\\)$[^]*?;;`, 'm'),
      fish: (name) => new RegExp(`(^.*_is \\\\'${name}\\\\'.*$\\n)+`, 'm'),
    };
    for (const command of commands) {
      const [block = ''] = blockOf[shell](command.name()).exec(stdout) ?? [];
      for (const { long } of help.visibleOptions(command)) {
        expect(block, `${command.name()} ${long ?? ''}`).toMatch(spelled(long ?? ''));
      }
    }
  });

  it('is refused for other shells', async () => {
    const { exitCode, stderr } = await chainwright(['completion', 'tcsh']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('shell: expected bash, zsh or fish, got "tcsh"');
  });
});
