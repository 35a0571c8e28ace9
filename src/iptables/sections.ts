import { isTreeChain, leadsToEndpoints } from '../chains/names.ts';
import type { Chain } from '../chains/rule.ts';
import type { BackendKind } from './backend.ts';

/** What makes a long input cheap for one tool or the other, and means the same. */
export interface Tuning {
  /** Begins a new section, which is committed on its own, after so many chains were named. */
  readonly sectionChains: number;
  /** Writes the rules of dispatch chains in the descending order of the chains that they lead to. */
  readonly dispatchByTarget: boolean;
}

/** One section for each table. */
export const PLAIN: Tuning = { sectionChains: Infinity, dispatchByTarget: false };

/**
 * For each chain that a line names, the restore tool of the nft backend searches a sorted list from its
 * head, so that a long section takes quadratic time: 10,000 services of two endpoints take a minute, and so
 * does one service of 20,000. Sections keep the list short, but for each the kernel walks through all chains
 * of the table: 60 ms with 5,000 services of ten. A thousand is best from 20,000 chains to 60,000, and a
 * change of a hundred services is one section. For dispatch rules in descending order every search ends at once.
 * The legacy tool copies the whole table at each section's end: there one is best.
 */
const TUNING: Readonly<Record<BackendKind, Tuning>> = {
  nft: { sectionChains: 1_000, dispatchByTarget: true },
  legacy: PLAIN,
};

export function tuningOf(kind: BackendKind): Tuning {
  return TUNING[kind];
}

/** The input for one table, cut where it may be cut. */
export interface Sections {
  /** To be written before a chain: the end of a section and the beginning of the next, or nothing. */
  readonly before: (chain: Chain) => readonly string[];
  /** The same before a line that may stand in any section. */
  readonly anywhere: () => readonly string[];
  /** So many chains were named by what was written. */
  readonly count: (named: number) => void;
}

/**
 * At no time may a packet be led to a chain that is missing or half filled. So the chains of a service share
 * one section, and what leads to them is in a later one. Of a service with more chains than a section should
 * have, those of endpoints and of their groups may go ahead: each of them is complete by itself. And so is a
 * chain of a dispatch tree, old or new: it leads to all services under its prefix, whichever of the chains below
 * it have been written yet.
 */
export function sections(table: string, { sectionChains }: Tuning): Sections {
  let inSection = 0;
  let service: string | undefined;
  let ofService = 0;

  const anywhere = (): readonly string[] => {
    if (inSection < sectionChains) return [];
    inSection = 0;
    return ['COMMIT', `*${table}`];
  };
  return {
    anywhere,
    before: (chain) => {
      const isBorder = chain.service !== service || isTreeChain(chain.name);
      if (isBorder) ofService = 0;
      service = chain.service;
      ofService += 1;
      return isBorder || (ofService > sectionChains && leadsToEndpoints(chain.name)) ? anywhere() : [];
    },
    count: (named) => {
      inSection += named;
    },
  };
}
