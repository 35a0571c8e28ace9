import { expectedGot, type Problem } from '../problems/problem.ts';
import { FLAGS, type Flag, type FlagValues } from './flags.ts';
import type { CommandFlag, ConfigFlag, PortFlag } from './flags/flag.ts';
import { parseBool, parseFloat64, parseGates, parseInteger, parseLevels } from './flags/values.ts';
import { valueAt, withValueAt } from './path.ts';

/** A document with the flags put in, before defaults and checks. */
export interface Flagged {
  readonly raw: unknown;
  /** Field path to the name of the flag that set it; a feature gate by itself, `featureGates.Name`. */
  readonly flagOf: ReadonlyMap<string, string>;
  readonly ports: { readonly healthz?: number; readonly metrics?: number };
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/**
 * Puts flags over a parsed document: the flag wins. (kube-proxy ignores most flags when it has a file;
 * here a flag that is given has been meant.) Texts that are no value of the flag's kind are put in as
 * they are, for the schema to complain of in its own words.
 */
export function applyFlags(raw: unknown, values: FlagValues): Flagged {
  const none: Flagged = { raw, flagOf: new Map(), ports: {}, problems: [], warnings: [] };
  return FLAGS.reduce((flagged, flag) => {
    const texts = values[flag.name] ?? [];
    return texts.length === 0 ? flagged : applyFlag(flagged, flag, texts);
  }, none);
}

function applyFlag(flagged: Flagged, flag: Flag, texts: readonly string[]): Flagged {
  switch (flag.use) {
    case 'command':
      return checkCommandFlag(flagged, flag, texts.at(-1) ?? '');
    case 'unused':
      return { ...flagged, warnings: [...flagged.warnings, `--${flag.name}: not used: ${flag.why}`] };
    case 'refused':
      return withProblem(flagged, flag, `not supported: ${flag.why}`);
    case 'port':
      return applyPort(flagged, flag, texts.at(-1) ?? '');
    case 'config':
      return applyField(flagged, flag, texts);
  }
}

function checkCommandFlag(flagged: Flagged, flag: CommandFlag, text: string): Flagged {
  if (flag.kind !== 'bool' || parseBool(text) !== undefined) return flagged;
  return withProblem(flagged, flag, expectedGot('true or false', text));
}

function applyPort(flagged: Flagged, flag: PortFlag, text: string): Flagged {
  const least = flag.server === 'healthz' ? 0 : 1;
  const port = parseInteger(text) ?? Number.NaN;
  if (port >= least && port <= 65_535) {
    return { ...flagged, ports: { ...flagged.ports, [flag.server]: port } };
  }
  const got = Number.isNaN(port) ? text : port;
  return withProblem(flagged, flag, expectedGot(`a port from ${least} to 65535`, got));
}

function applyField(flagged: Flagged, flag: ConfigFlag, texts: readonly string[]): Flagged {
  const last = texts.at(-1) ?? '';
  switch (flag.kind) {
    case 'bool':
      return setField(flagged, flag, parseBool(last) ?? last);
    case 'int':
      return setField(flagged, flag, parseInteger(last) ?? last);
    case 'float':
      return setField(flagged, flag, parseFloat64(last) ?? last);
    case 'duration':
    case 'text':
    case 'boolOrText':
      return setField(flagged, flag, last);
    case 'nonEmpty':
      return last === '' ? flagged : setField(flagged, flag, last);
    case 'list':
      return setField(
        flagged,
        flag,
        texts.flatMap((text) => (text === '' ? [] : text.split(','))),
      );
    case 'gates':
      return applyGates(flagged, flag, texts.join(','));
    case 'levels': {
      const levels = parseLevels(texts.join(','));
      if (levels !== undefined) return setField(flagged, flag, levels);
      return withProblem(flagged, flag, expectedGot('pairs such as "proxier=4,topology=2"', texts.join(',')));
    }
  }
}

/** Gates add to those of the file, so that turning one on does not turn others off. */
function applyGates(flagged: Flagged, flag: ConfigFlag, text: string): Flagged {
  const gates = parseGates(text);
  if (gates === undefined) {
    return withProblem(flagged, flag, expectedGot('pairs such as "Name=true,Other=false"', text));
  }
  const inFile = valueAt(flagged.raw, flag.path) ?? {};
  if (typeof inFile !== 'object') return flagged;
  const flagOf = Object.keys(gates).map((gate) => [`${flag.path}.${gate}`, flag.name] as const);
  return {
    ...flagged,
    raw: withValueAt(flagged.raw, flag.path, { ...inFile, ...gates }),
    flagOf: new Map([...flagged.flagOf, ...flagOf]),
  };
}

function setField(flagged: Flagged, flag: ConfigFlag, value: unknown): Flagged {
  return {
    ...flagged,
    raw: withValueAt(flagged.raw, flag.path, value),
    flagOf: new Map([...flagged.flagOf, [flag.path, flag.name]]),
  };
}

function withProblem(flagged: Flagged, flag: Flag, message: string): Flagged {
  return { ...flagged, problems: [...flagged.problems, { where: `--${flag.name}`, path: '', message }] };
}
