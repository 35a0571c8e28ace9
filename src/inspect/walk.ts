import type { Mark } from '../chains/rule.ts';
import type { Address } from '../net/address.ts';
import { merged, placeOf, type Branch, type Step } from './branch.ts';
import { divide } from './divide.ts';
import type { RulePlace } from './fate.ts';
import { headerAnswer, type Header } from './header.ts';
import type { InspectedTarget } from './inspected-rule.ts';
import type { ProgramChain, ProgramRule, ProgramTable } from './program.ts';
import { expectRoom, spendOnBranches, spendOnHeader, type WalkLimit } from './walk-limit.ts';

/** How a branch leaves a table. */
export type Ending =
  | { readonly kind: 'passed'; readonly branch: Branch; /** By a rule. */ readonly accepted: boolean }
  | { readonly kind: 'dnat'; readonly branch: Branch; readonly address: Address; readonly port?: number }
  | { readonly kind: 'masqueraded'; readonly branch: Branch }
  | { readonly kind: 'dropped' | 'rejected'; readonly branch: Branch; readonly by: RulePlace }
  | { readonly kind: 'unknown'; readonly branch: Branch; readonly by: RulePlace; readonly part: string };

/**
 * Sends a packet through one of the kernel's own chains. All branches go through a chain together, and
 * those alike are put together where it ends: a thousand rules that each take a share cost a thousand
 * divisions, and not one for each of their combinations.
 *
 * @throws TooManyWaysError where that is more than `limit` allows
 */
export function walk(
  table: ProgramTable,
  base: ProgramChain,
  header: Header,
  branch: Branch,
  limit: WalkLimit,
): readonly Ending[] {
  const walking: Walking = { table, header, limit, endings: [], entered: new Set() };
  for (const leaving of through(walking, base, [branch])) {
    walking.endings.push(
      base.policy === 'DROP'
        ? { kind: 'dropped', branch: leaving, by: { table: table.name, chain: base.name, rule: 'policy' } }
        : { kind: 'passed', branch: leaving, accepted: false },
    );
  }
  return walking.endings;
}

interface Walking {
  readonly table: ProgramTable;
  readonly header: Header;
  readonly limit: WalkLimit;
  readonly endings: Ending[];
  /** The chains that the walk is in: it may not enter one of them again. */
  readonly entered: Set<ProgramChain>;
}

/** The rule at which some branches are. */
interface Standing {
  readonly chain: ProgramChain;
  readonly position: number;
  readonly rule: ProgramRule;
}

/** @returns the branches that come out of the chain again */
function through(walking: Walking, chain: ProgramChain, entering: readonly Branch[]): readonly Branch[] {
  const { header, entered } = walking;
  entered.add(chain);
  const returned: Branch[] = [];
  let here = entering;
  const candidates = chain.index?.candidates(
    header.destination.host,
    header.protocol,
    header.destinationPort,
  );
  const count = (candidates ?? chain.rules).length;
  for (let index = 0; index < count && here.length > 0; index += 1) {
    const position = candidates?.[index] ?? index;
    const rule = chain.rules[position];
    if (rule !== undefined) here = past(walking, { chain, position, rule }, here, returned);
  }
  entered.delete(chain);
  return returned.length === 0 ? here : merged([...returned, ...here]);
}

/**
 * @param returned takes those that leave the chain here
 * @returns those that go on to the next rule
 */
function past(
  walking: Walking,
  standing: Standing,
  branches: readonly Branch[],
  returned: Branch[],
): readonly Branch[] {
  spendOnHeader(walking.limit, standing);
  const ofHeader = headerAnswer(standing.rule, walking.header);
  if (ofHeader === false) return branches;
  spendOnBranches(walking.limit, branches, standing);
  const hits: Branch[] = [];
  const missed: Branch[] = [];
  for (const branch of branches) {
    const { hit, missed: others, unknown } = divide(standing.rule, walking.header, branch, ofHeader);
    missed.push(...others);
    if (hit === undefined) continue;
    if (unknown === undefined) hits.push(stepped(hit, standing));
    else if (hasEffect(standing.rule)) walking.endings.push(lost(standing, hit, unknown));
    else missed.push(hit);
  }
  if (hits.length === 0) return missed;
  return merged([...missed, ...follow(walking, standing, hits, returned)]);
}

function hasEffect({ rule, questions }: ProgramRule): boolean {
  const { target } = rule;
  if (target !== undefined && target.kind !== 'noEffect') return true;
  return questions.some(({ kind }) => kind === 'rememberSource');
}

function stepped(branch: Branch, { chain, position }: Standing): Branch {
  const path: Step = { chain, position, before: branch.path };
  return { ...branch, path };
}

/** @returns those that go on to the next rule */
function follow(
  walking: Walking,
  standing: Standing,
  hits: readonly Branch[],
  returned: Branch[],
): readonly Branch[] {
  const { target } = standing.rule.rule;
  if (target === undefined) return hits;
  switch (target.kind) {
    case 'noEffect':
      return hits;
    case 'setMark':
      return marked(hits, (mark) => mark | target.mark);
    case 'flipMark':
      return marked(hits, (mark) => mark ^ target.mark);
    case 'maskedMark':
      return marked(hits, (mark) => (mark & ~target.mask) ^ target.value);
    case 'jump':
      return into(walking, standing, target.chain, hits);
    case 'goto':
      returned.push(...into(walking, standing, target.chain, hits));
      return [];
    case 'return':
      returned.push(...hits);
      return [];
    case 'accept':
    case 'drop':
    case 'reject':
    case 'rejectWith':
    case 'masquerade':
    case 'dnat':
    case 'dnatAddress':
    case 'unknown':
      for (const hit of hits) walking.endings.push(endingOf(target, hit, standing));
      return [];
  }
}

function marked(branches: readonly Branch[], change: (mark: Mark) => number): readonly Branch[] {
  return branches.map((branch) => ({ ...branch, mark: change(branch.mark) >>> 0 }));
}

function into(
  walking: Walking,
  standing: Standing,
  name: string,
  branches: readonly Branch[],
): readonly Branch[] {
  const chain = walking.table.chains.get(name);
  expectRoom(walking.entered.size, standing);
  if (chain !== undefined && !walking.entered.has(chain)) return through(walking, chain, branches);
  const part = chain === undefined ? `a jump to ${name}, which is not there` : `a loop through ${name}`;
  for (const branch of branches) walking.endings.push(lost(standing, branch, part));
  return [];
}

type Last = Exclude<
  InspectedTarget,
  { kind: 'noEffect' | 'setMark' | 'flipMark' | 'maskedMark' | 'jump' | 'goto' | 'return' }
>;

function endingOf(target: Last, branch: Branch, standing: Standing): Ending {
  switch (target.kind) {
    case 'accept':
      return { kind: 'passed', branch, accepted: true };
    case 'drop':
      return { kind: 'dropped', branch, by: placeOf(standing.chain, standing.position) };
    case 'reject':
    case 'rejectWith':
      return { kind: 'rejected', branch, by: placeOf(standing.chain, standing.position) };
    case 'masquerade':
      return { kind: 'masqueraded', branch };
    case 'dnat':
      return { kind: 'dnat', branch, address: target.address, port: target.port };
    case 'dnatAddress':
      return { kind: 'dnat', branch, address: target.address };
    case 'unknown':
      return lost(standing, branch, target.text);
  }
}

function lost({ chain, position }: Standing, branch: Branch, part: string): Ending {
  return { kind: 'unknown', branch, by: placeOf(chain, position), part };
}
