import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../support/cases.ts';

const CI = join(ROOT, 'manifests/ci');

/** A repository of somebody who keeps golden files. */
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chainwright-test-'));
  await mkdir(join(directory, 'deploy'));
  await cp(join(ROOT, 'manifests/examples/local-policy.yaml'), join(directory, 'deploy/shop.yaml'));
  await cp(join(ROOT, 'rules/nodeport/sctp'), join(directory, 'book/sctp'), { recursive: true });
  const writing = ['golden', '--write', 'golden', '-f', 'deploy'];
  await execa(join(CI, 'chainwright'), writing, { cwd: directory });
});

afterEach(() => rm(directory, { recursive: true }));

async function changeNodePort(): Promise<void> {
  const path = join(directory, 'deploy/shop.yaml');
  await writeFile(path, (await readFile(path, 'utf8')).replace('30090', '30097'));
}

async function readYaml(name: string): Promise<unknown> {
  return parse(await readFile(name, 'utf8'));
}

/** Runs a script as CI does: with nothing in the environment but what CI puts there. */
async function runScript(script: string, env: Readonly<Record<string, string>>) {
  const { exitCode, stdout } = await execa(
    'bash',
    ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script],
    {
      cwd: directory,
      env: { ...env, PATH: process.env.PATH },
      extendEnv: false,
      reject: false,
    },
  );
  return { exitCode, stdout };
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string; readonly description: string }>>;
  readonly runs: {
    readonly using: string;
    readonly steps: readonly {
      readonly shell: string;
      readonly env: Readonly<Record<string, string>>;
      readonly run: string;
    }[];
  };
}

/** What the action does with some inputs, as the runner of GitHub would do it. */
async function runAction(given: Readonly<Record<string, string>>) {
  const { inputs, runs } = (await readYaml(join(CI, 'github/action.yml'))) as Action;
  const [step] = runs.steps;
  if (step === undefined || runs.steps.length > 1) throw new Error('one step was expected');
  const env = Object.entries(step.env).map(([name, value]) => {
    const input = /^\$\{\{ inputs\.(\w+) \}\}$/.exec(value)?.[1] ?? '';
    const declared = inputs[input];
    if (declared === undefined) throw new Error(`${value} is no input`);
    return [name, given[input] ?? declared.default];
  });
  const output = join(directory, 'github-output');
  await writeFile(output, '');
  const { exitCode, stdout } = await runScript(step.run, {
    ...(Object.fromEntries(env) as Record<string, string>),
    GITHUB_ACTION_PATH: join(CI, 'github'),
    GITHUB_OUTPUT: output,
  });
  return { exitCode, stdout, output: await readFile(output, 'utf8') };
}

describe('the action for GitHub', () => {
  it('takes every input that it declares', async () => {
    const { inputs, runs } = (await readYaml(join(CI, 'github/action.yml'))) as Action;
    expect(runs).toMatchObject({ using: 'composite', steps: [{ shell: 'bash' }] });
    const used = Object.values(runs.steps[0]?.env ?? {}).map((value) => /inputs\.(\w+)/.exec(value)?.[1]);
    expect(used).toEqual(Object.keys(inputs));
    expect(runs.steps[0]?.run).not.toContain('${{');
  });

  it('passes where the rules are the golden ones', async () => {
    expect(await runAction({ manifests: 'deploy\n' })).toEqual({
      exitCode: 0,
      stdout: '2 golden files: the rules are as they should be.',
      output: 'same=true\n',
    });
  });

  it('annotates what differs, and fails', async () => {
    await changeNodePort();
    const { exitCode, stdout, output } = await runAction({ manifests: 'deploy' });
    expect({ exitCode, output }).toEqual({ exitCode: 1, output: 'same=false\n' });
    expect(stdout).toMatch(/^::error file=golden\/node-a\.ipv4\.rules,line=\d+,title=Golden rules::/);
  });

  it('hands on nodes, configuration and flags, and runs no text of an input', async () => {
    await cp(join(ROOT, 'rules/nodeport/sctp/config.yaml'), join(directory, 'a config; touch pwned.yaml'));
    const { exitCode, stdout } = await runAction({
      directory: 'golden-b',
      manifests: 'deploy/shop.yaml',
      nodes: 'node-b\nnode-c',
      config: 'a config; touch pwned.yaml',
      flags: '--masquerade-all\n--cluster-cidr=10.244.0.0/16',
    });
    expect(exitCode).toBe(1);
    expect(await readdir(directory)).not.toContain('pwned.yaml');
    expect(stdout).toContain(' --cluster-cidr=10.244.0.0/16 --masquerade-all=true');
    expect(stdout).toContain(
      "chainwright golden --write golden-b -f deploy/shop.yaml --node node-b --node node-c '--config=a config; touch pwned.yaml'",
    );
  });

  it('checks a rule book', async () => {
    expect(await runAction({ directory: 'book' })).toMatchObject({ exitCode: 0, output: 'same=true\n' });
  });

  it('says nothing of the rules where it could not look', async () => {
    expect(await runAction({ manifests: 'nowhere' })).toMatchObject({ exitCode: 2, output: '' });
  });
});

interface GitlabJob {
  readonly variables: Readonly<Record<string, string>>;
  readonly before_script: readonly string[];
  readonly script: readonly string[];
  readonly artifacts: { readonly paths: readonly string[] };
}

/** The job apart from the cloning, which would build everything anew. */
async function runGitlabJob(given: Readonly<Record<string, string>>) {
  const { 'golden-rules': job } = (await readYaml(join(CI, 'gitlab.yml'))) as { 'golden-rules': GitlabJob };
  expect(Object.keys(job.variables)).toEqual(expect.arrayContaining(Object.keys(given)));
  const cloned = job.before_script.join('\n').trim().split(' ').at(-1) ?? '';
  const script = job.script.join('\n').replaceAll(cloned, ROOT);
  const ended = await runScript(script, { ...job.variables, ...given });
  return { ...ended, artifact: await readFile(join(directory, job.artifacts.paths[0] ?? ''), 'utf8') };
}

describe('the job for GitLab', () => {
  it('passes where the rules are the golden ones', async () => {
    const { exitCode, stdout } = await runGitlabJob({ GOLDEN_OPTIONS: '--filename deploy' });
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: '2 golden files: the rules are as they should be.',
    });
  });

  it('fails, and keeps the diff, where they are not', async () => {
    await changeNodePort();
    const { exitCode, stdout, artifact } = await runGitlabJob({ GOLDEN_OPTIONS: '--filename deploy' });
    expect(exitCode).toBe(1);
    expect(artifact).toBe(`${stdout}\n`);
    expect(artifact).toMatch(/^\+-A KUBE-NODEPORTS .* --dport 30097 /m);
  });
});

interface Hook {
  readonly entry: string;
  readonly args: readonly string[];
  readonly files: string;
  readonly pass_filenames: boolean;
}

describe('the hook for pre-commit', () => {
  it('runs from the checkout of chainwright in the repository of others', async () => {
    const [hook, ...others] = (await readYaml(join(ROOT, '.pre-commit-hooks.yaml'))) as readonly Hook[];
    if (hook === undefined || others.length > 0) throw new Error('one hook was expected');
    expect(hook.pass_filenames).toBe(false);
    for (const name of ['deploy/shop.yaml', 'a.yml', 'b.json', 'golden/node-a.ipv4.rules']) {
      expect(name).toMatch(new RegExp(hook.files));
    }
    const run = async (): Promise<unknown> => {
      const script = [join(ROOT, hook.entry), ...hook.args, '--filename', 'deploy'].join(' ');
      return (await runScript(script, {})).exitCode;
    };
    expect(await run()).toBe(0);
    await changeNodePort();
    expect(await run()).toBe(1);
  });
});
