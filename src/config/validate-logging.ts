import type { Problem } from '../problems/problem.ts';
import type { Configuration } from './configuration.ts';
import type { Provenance } from './provenance.ts';

/** What component-base's logs/api/v1 allows, depending on format and feature gates. */
export function loggingProblems(configuration: Configuration, provenance: Provenance): readonly Problem[] {
  const { logging, featureGates } = configuration;
  const problems: Problem[] = [];
  const isJsonAllowed = featureGates.LoggingBetaOptions ?? featureGates.AllBeta ?? true;
  if (logging.format === 'json' && !isJsonAllowed) {
    const words = '"text" while the feature gate LoggingBetaOptions is off';
    problems.push(provenance.expected('logging.format', words, logging.format));
  }
  if (logging.vmodule.length > 0 && logging.format !== 'text') {
    problems.push(provenance.at('logging.vmodule', 'goes only with logging.format "text"'));
  }
  return [...problems, ...outputRoutingProblems(configuration, provenance)];
}

function outputRoutingProblems({ logging, featureGates }: Configuration, provenance: Provenance): Problem[] {
  if (featureGates.LoggingAlphaOptions ?? featureGates.AllAlpha ?? false) return [];
  const whileOff = 'while the feature gate LoggingAlphaOptions is off';
  return (['text', 'json'] as const).flatMap((format) => {
    const { splitStream, infoBufferSize } = logging.options[format];
    const path = `logging.options.${format}`;
    return [
      ...(splitStream ? [provenance.expected(`${path}.splitStream`, `false ${whileOff}`, splitStream)] : []),
      ...(Number.parseFloat(infoBufferSize) === 0
        ? []
        : [provenance.expected(`${path}.infoBufferSize`, `"0" ${whileOff}`, infoBufferSize)]),
    ];
  });
}
