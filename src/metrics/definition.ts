/** A label by its name on the wire, with all its values where they are known beforehand. */
export interface Label<Value extends string = string> {
  readonly name: string;
  readonly values: readonly Value[] | undefined;
}

/** By the names that the program uses for them. */
export type Labels = Readonly<Record<string, Label>>;

/** The value of each label. */
export type LabelValues<L extends Labels> = {
  readonly [Key in keyof L]: L[Key] extends Label<infer Value> ? Value : never;
};

export type Kind = 'counter' | 'mirror' | 'gauge' | 'histogram';

export interface Definition<K extends Kind = Kind, L extends Labels = Labels> {
  readonly kind: K;
  readonly name: string;
  readonly help: string;
  readonly labels: L;
  /** Upper bounds in rising order, without +Inf; empty but for histograms. */
  readonly buckets: readonly number[];
  /**
   * Whether every series is there from the start, as it must be where an alert watches for the first
   * increase. Those without labels always are.
   */
  readonly startsAtZero: boolean;
}

export function label(name: string): Label;
export function label<const Value extends string>(name: string, values: readonly Value[]): Label<Value>;
export function label(name: string, values?: readonly string[]): Label {
  return { name, values };
}

export function counter<L extends Labels>(name: string, help: string, labels: L): Definition<'counter', L> {
  return { kind: 'counter', name, help, labels, buckets: [], startsAtZero: isEmpty(labels) };
}

/** A counter that somebody else counts, such as the kernel; absent until its value is known. */
export function mirror<L extends Labels>(name: string, help: string, labels: L): Definition<'mirror', L> {
  return { kind: 'mirror', name, help, labels, buckets: [], startsAtZero: false };
}

export function gauge<L extends Labels>(name: string, help: string, labels: L): Definition<'gauge', L> {
  return { kind: 'gauge', name, help, labels, buckets: [], startsAtZero: isEmpty(labels) };
}

export function histogram<L extends Labels>(
  name: string,
  help: string,
  labels: L,
  buckets: readonly number[],
): Definition<'histogram', L> {
  return { kind: 'histogram', name, help, labels, buckets, startsAtZero: isEmpty(labels) };
}

/** All series are there from the start. Every label must have its values listed. */
export function fromZero<K extends Kind, L extends Labels>(definition: Definition<K, L>): Definition<K, L> {
  return { ...definition, startsAtZero: true };
}

function isEmpty(labels: Labels): boolean {
  return Object.keys(labels).length === 0;
}

/** `count` bounds from `first` on, each `factor` times the one before. */
export function exponentialBuckets(first: number, factor: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first * factor ** index);
}

/** `count` bounds from `first` on, each `step` more than the one before. */
export function linearBuckets(first: number, step: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + step * index);
}
