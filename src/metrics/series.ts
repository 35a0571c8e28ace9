import type { Definition, Label, Labels } from './definition.ts';
import type { Sample } from './family.ts';
import { formatNumber } from './number.ts';

type Values = Readonly<Record<string, string>>;

/** The series of one metric, one for each combination of label values that occurred. */
export interface SeriesSet {
  /** A counter or gauge rises by the amount; a histogram takes it as an observation. */
  readonly add: (values: Values, amount: number) => void;
  readonly set: (values: Values, value: number) => void;
  readonly remove: (values: Values) => void;
  /** Sorted by label values. */
  readonly samples: () => readonly Sample[];
}

interface Series {
  readonly labels: Sample['labels'];
  /** The sum of all observations of a histogram, the value of any other metric. */
  value: number;
  count: number;
  /** How many observations are in each bucket and not in the one below it; without +Inf. */
  readonly buckets: number[];
}

/** What no name of the API and no address holds. */
const BETWEEN = '\u0000';

export function createSeriesSet({ kind, labels, buckets, startsAtZero }: Definition): SeriesSet {
  const columns = Object.entries(labels).sort(([, a], [, b]) => (a.name < b.name ? -1 : 1));
  const all = new Map<string, Series>();
  if (startsAtZero) for (const values of combinations(labels)) seriesOf(values);

  function keyOf(values: Values): string {
    return columns.map(([key]) => values[key]).join(BETWEEN);
  }

  function seriesOf(values: Values): Series {
    const key = keyOf(values);
    const known = all.get(key);
    if (known !== undefined) return known;
    const added: Series = {
      labels: columns.map(([column, { name }]) => [name, values[column] ?? '']),
      value: 0,
      count: 0,
      buckets: Array<number>(buckets.length).fill(0),
    };
    all.set(key, added);
    return added;
  }

  return {
    add(values, amount) {
      const series = seriesOf(values);
      series.value += amount;
      series.count += 1;
      const index = buckets.findIndex((bound) => amount <= bound);
      if (index >= 0) series.buckets[index] = (series.buckets[index] ?? 0) + 1;
    },
    set(values, value) {
      seriesOf(values).value = value;
    },
    remove(values) {
      all.delete(keyOf(values));
    },
    samples() {
      const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, series]) => series);
      if (kind === 'histogram') return sorted.flatMap((series) => histogramSamples(series, buckets));
      return sorted.map(({ labels: pairs, value }): Sample => ({ suffix: '', labels: pairs, value }));
    },
  };
}

function histogramSamples(series: Series, bounds: readonly number[]): readonly Sample[] {
  const { labels, value, count } = series;
  let below = 0;
  const bucket = (bound: string, upTo: number): Sample => {
    return { suffix: '_bucket', labels: [...labels, ['le', bound]], value: upTo };
  };
  return [
    ...bounds.map((bound, index) => {
      below += series.buckets[index] ?? 0;
      return bucket(formatNumber(bound), below);
    }),
    bucket('+Inf', count),
    { suffix: '_sum', labels, value },
    { suffix: '_count', labels, value: count },
  ];
}

/** Every combination of the labels' values. */
function combinations(labels: Labels): readonly Values[] {
  return Object.entries(labels).reduce<readonly Values[]>(
    (some, [key, { name, values }]: [string, Label]) => {
      if (values === undefined) throw new TypeError(`the values of label ${name} are not listed`);
      return some.flatMap((others) => values.map((value) => ({ ...others, [key]: value })));
    },
    [{}],
  );
}
