import assert from 'node:assert/strict';
import { configurationChanges } from '../../../../src/config/changes.ts';
import { readConfig, type EffectiveConfig } from '../../../../src/config/load.ts';
import { configurationYaml } from '../../../../src/config/write.ts';
import { usedOrRefused } from '../../used-or-refused.ts';

function read(text: string): EffectiveConfig {
  return readConfig({ file: { name: 'config.yaml', text }, flags: {} });
}

/** A KubeProxyConfiguration: what is written of it means the same when it is read again. */
export function fuzz(data: Buffer): void {
  const given = usedOrRefused(() => read(data.toString()));
  if (given === undefined) return;
  const again = read(configurationYaml(given.configuration));
  assert.deepEqual(configurationChanges(given.configuration, again.configuration), []);
}
