import type { ChainKey, RulePlace } from './rule-graph.ts';

/** What a card shows; decides its colour. */
export type Tone = 'base' | 'dispatch' | 'service' | 'endpoint' | 'other';

/** A chain as a picture shows it, or what stands for several. */
export interface Card {
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  readonly tone: Tone;
  /** undefined where the card stands for several chains. */
  readonly chain: ChainKey | undefined;
  readonly rows: readonly Row[];
  /** What was left out, in words; empty where nothing was. */
  readonly leftOut: string;
}

/** A rule, or what stands for several. */
export interface Row {
  readonly words: string;
  /** Its share, its counter. */
  readonly aside: string;
  /** `endpoint`: the packet goes there. `denied`: it is dropped or refused. */
  readonly tone: 'plain' | 'endpoint' | 'denied' | 'mark';
  readonly place: RulePlace | undefined;
  /** Whom the row opens where it leads to no card of the picture. */
  readonly opens: Opening | undefined;
}

export type Opening =
  | { readonly kind: 'service'; readonly name: string }
  | { readonly kind: 'chain'; readonly chain: ChainKey }
  | { readonly kind: 'namespace'; readonly name: string };

/** A jump. */
export interface Edge {
  readonly from: string;
  readonly row: number;
  readonly to: string;
  /** 0 to 1: the greatest part of the connections to one address or port that comes this way. */
  readonly reach: number;
  /** The rule asks something of the packet; how many are of its kind nobody can know. */
  readonly conditional: boolean;
}

export interface Picture {
  readonly title: string;
  readonly subtitle: string;
  /** In an order in which no jump leads back. */
  readonly cards: readonly Card[];
  readonly edges: readonly Edge[];
}
