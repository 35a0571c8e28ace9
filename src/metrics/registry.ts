import type { Definition, Kind, Labels, LabelValues } from './definition.ts';
import type { MetricFamily } from './family.ts';
import { createSeriesSet, type SeriesSet } from './series.ts';

export interface Counter<L extends Labels> {
  /** @param by not negative; 1 where not given */
  readonly inc: (labels: LabelValues<L>, by?: number) => void;
}

export interface Gauge<L extends Labels> {
  readonly set: (labels: LabelValues<L>, value: number) => void;
  /** The series disappears, as for a thing that is no more. */
  readonly remove: (labels: LabelValues<L>) => void;
}

export interface Histogram<L extends Labels> {
  readonly observe: (labels: LabelValues<L>, value: number) => void;
}

/** What the program does to a metric of each kind. */
interface Handles<L extends Labels> {
  readonly counter: Counter<L>;
  readonly mirror: Gauge<L>;
  readonly gauge: Gauge<L>;
  readonly histogram: Histogram<L>;
}

export type Definitions = Readonly<Record<string, Definition>>;

export type HandlesOf<D extends Definitions> = {
  readonly [Key in keyof D]: D[Key] extends Definition<infer K, infer L> ? Handles<L>[K] : never;
};

export interface Registry<D extends Definitions> {
  readonly handles: HandlesOf<D>;
  /** Metrics without any series are left out. */
  readonly families: () => readonly MetricFamily[];
}

export function createRegistry<const D extends Definitions>(definitions: D): Registry<D> {
  const sets = Object.entries(definitions).map(([key, definition]) => {
    return { key, definition, set: createSeriesSet(definition) };
  });
  const handles = sets.map(({ key, definition, set }) => [key, handleOf(definition.kind, set)]);
  return {
    handles: Object.fromEntries(handles) as HandlesOf<D>,
    families: () =>
      sets
        .map(({ definition: { name, help, kind }, set }): MetricFamily => {
          return { name, help, type: kind === 'mirror' ? 'counter' : kind, samples: set.samples() };
        })
        .filter(({ samples }) => samples.length > 0),
  };
}

function handleOf(kind: Kind, set: SeriesSet): Handles<Labels>[Kind] {
  switch (kind) {
    case 'counter':
      return { inc: (labels, by = 1) => set.add(labels, Math.max(0, by)) };
    case 'mirror':
    case 'gauge':
      return { set: (labels, value) => set.set(labels, value), remove: (labels) => set.remove(labels) };
    case 'histogram':
      return { observe: (labels, value) => set.add(labels, value) };
  }
}
