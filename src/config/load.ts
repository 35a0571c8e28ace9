import type { Settings } from '../model/settings.ts';
import { InputError } from '../problems/problem.ts';
import { withinReason } from '../problems/within-reason.ts';
import { applyFlags } from './apply-flags.ts';
import { API_VERSION, KIND, type Configuration } from './configuration.ts';
import { withDefaults } from './defaults.ts';
import { readDocument, type ConfigFile } from './document.ts';
import type { FlagValues } from './flags.ts';
import { provenanceOf } from './provenance.ts';
import { settingsOf } from './settings.ts';
import { readShape } from './shape.ts';
import { warningsOf } from './unused.ts';
import { validate } from './validate.ts';

export interface EffectiveConfig {
  readonly settings: Settings;
  /** The same in the shape of the API, for `/configz` and `--write-config-to`. */
  readonly configuration: Configuration;
  /** Settings that have no effect, one line each, in the form of a problem. */
  readonly warnings: readonly string[];
}

/**
 * Settings from a KubeProxyConfiguration and kube-proxy's flags, of which a flag wins.
 *
 * @throws InputError with every problem of file and flags, each naming its field or flag
 */
export function readConfig({
  file,
  flags,
}: {
  readonly file?: ConfigFile | undefined;
  readonly flags: FlagValues;
}): EffectiveConfig {
  const document = file === undefined ? undefined : readDocument(file);
  const flagged = applyFlags(document?.raw ?? { apiVersion: API_VERSION, kind: KIND }, flags);
  const { given, problems, broken } = withinReason(document?.where ?? 'flags', () => readShape(flagged.raw));
  const provenance = provenanceOf({ ...flagged, where: document?.where, broken });
  const configuration = withDefaults(given, { ...provenance, ports: flagged.ports });
  const allProblems = [
    ...flagged.problems,
    ...problems.map(({ path, message }) => provenance.at(path, message)),
    ...validate(configuration, provenance),
  ];
  if (allProblems.length > 0) throw new InputError(allProblems);
  return {
    settings: settingsOf(configuration),
    configuration,
    warnings: [...flagged.warnings, ...warningsOf(configuration, provenance)],
  };
}
