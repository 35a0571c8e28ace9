import type { TableName } from '../chains/rule.ts';
import type { Family } from '../net/address.ts';

/** A rule as a picture needs it: its text, and what it met where somebody counted. */
export interface GraphRule {
  /** In the words of iptables-save, without the leading `-A CHAIN`. */
  readonly text: string;
  /** Packets that met it; undefined where nobody counted. */
  readonly packets?: number | undefined;
}

export interface GraphChain {
  readonly table: TableName;
  readonly name: string;
  readonly rules: readonly GraphRule[];
  /** `namespace/name` where whoever made the rules said so. */
  readonly service?: string | undefined;
}

/** `nat KUBE-SERVICES`: both tables may have a chain of one name. */
export type ChainKey = string & { readonly __brand: 'ChainKey' };

/** The rules of one family: made by a layout, read from the kernel or from a saved dump. */
export interface RuleGraph {
  readonly family: Family;
  readonly chains: ReadonlyMap<ChainKey, GraphChain>;
}

/** A rule by its place. */
export interface RulePlace {
  readonly chain: ChainKey;
  readonly index: number;
}

export function chainKey(table: TableName, name: string): ChainKey {
  return `${table} ${name}` as ChainKey;
}

export function keyOf({ table, name }: GraphChain): ChainKey {
  return chainKey(table, name);
}
