import { readFileSync } from 'node:fs';
import type { FlagValues } from '../../../src/config/flags.ts';
import { readConfig, type EffectiveConfig } from '../../../src/config/load.ts';
import { InputError } from '../../../src/problems/problem.ts';

const HEAD = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';

/** A file `kube-proxy.yaml` with these fields under the right apiVersion and kind. */
export const fields = (body: string): string => HEAD + body;

/** `--name=value` and `--name` as a user writes them. */
export function flagsOf(...args: readonly string[]): FlagValues {
  const values: Record<string, string[]> = {};
  for (const arg of args) {
    const [, name = '', value = 'true'] = /^--([^=]+)(?:=(.*))?$/.exec(arg) ?? [];
    (values[name] ??= []).push(value);
  }
  return values;
}

/** The configuration in a file `kube-proxy.yaml` with this text, if any, and these flags. */
export function read(text: string | undefined, ...args: readonly string[]): EffectiveConfig {
  const file = text === undefined ? undefined : { name: 'kube-proxy.yaml', text };
  return readConfig({ file, flags: flagsOf(...args) });
}

/** The lines of the error that refuses this input. */
export function refusalOf(text: string | undefined, ...args: readonly string[]): readonly string[] {
  try {
    read(text, ...args);
  } catch (error) {
    if (error instanceof InputError) return error.message.split('\n');
    throw error;
  }
  return [];
}

export const data = (name: string): string =>
  readFileSync(new URL(`../../data/kube-proxy/${name}`, import.meta.url), 'utf8');
