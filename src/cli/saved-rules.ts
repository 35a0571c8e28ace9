import { KUBE_SERVICES } from '../chains/fixed.ts';
import { ourParts } from '../inspect/check/our-part.ts';
import { programOfSave, type Program } from '../inspect/program.ts';
import { SaveError } from '../inspect/save-reader.ts';
import { backendOf } from '../iptables/backend.ts';
import { detectBackend } from '../iptables/detect-backend.ts';
import { savedLines } from '../iptables/saved-lines.ts';
import type { Family } from '../net/address.ts';
import { InputError } from '../problems/problem.ts';
import { nameOfInput, readInput } from './read-input.ts';
import { warn } from './terminal.ts';

/** The service proxy's rules of one family. */
export interface SavedRules {
  readonly program: Program;
  /** Rules of other programs, which were left out. */
  readonly othersRules: number;
}

/**
 * Reads what iptables-save, ip6tables-save or one after the other have printed.
 *
 * @param path `-` for standard input
 * @throws InputError where it holds no rules of these families, or cannot be read, with the number of the
 *   line that is to blame
 */
export async function readSavedRules(
  path: string,
  families: readonly Family[],
): Promise<readonly SavedRules[]> {
  const name = nameOfInput(path);
  const text = (await readInput(path)).toString('latin1');
  const [only] = families.length === 1 ? families : [];
  const parts = ourParts(text.split('\n'), only);
  const rules = parts.map(({ lines, family, othersRules }) => ({
    program: readProgram(lines, family, name),
    othersRules,
  }));
  const regarded = rules.filter(({ program }) => families.includes(program.family) && isProgrammed(program));
  if (regarded.length === 0) {
    const what = families.length === 1 ? `${families.join()} rules` : 'rules';
    throw new InputError([{ where: name, path: '', message: `holds no ${what} of a service proxy` }]);
  }
  return regarded;
}

/** @throws ToolError where iptables-save fails */
export async function readKernelRules(
  families: readonly Family[],
): Promise<{ readonly name: string; readonly rules: readonly SavedRules[] }> {
  const kind = await detectBackend();
  const rules: SavedRules[] = [];
  for (const family of families) {
    const backend = backendOf(kind, family);
    const saved = [
      ...(await savedLines(backend, '-t', 'filter')),
      ...(await savedLines(backend, '-t', 'nat')),
    ];
    const [part] = ourParts(saved, family);
    if (part === undefined) continue;
    const program = readProgram(part.lines, family, backend.save[0]);
    if (!isProgrammed(program))
      warn(`no service proxy has written ${family} rules on this node: does it run?`);
    rules.push({ program, othersRules: part.othersRules });
  }
  return { name: `the kernel (${kind})`, rules };
}

/** @throws InputError with the number of the line that is to blame, of what `where` names */
export function readProgram(lines: readonly string[], family: Family, where: string): Program {
  try {
    return programOfSave(lines, family);
  } catch (error) {
    if (!(error instanceof SaveError)) throw error;
    throw new InputError([{ where, path: '', message: error.message }]);
  }
}

function isProgrammed({ tables }: Program): boolean {
  return [...tables.values()].some(({ chains }) => chains.has(KUBE_SERVICES));
}
