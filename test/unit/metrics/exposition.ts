/** One metric as it stands in a text, its series thrown together. */
export interface Exposed {
  readonly type: string;
  readonly help: string;
  /** Names of all labels, sorted, without a histogram's `le`. */
  readonly labels: readonly string[];
  /** A histogram's bounds as they are written, in their order. */
  readonly buckets: readonly string[];
  /** Every line of samples. */
  readonly lines: readonly string[];
}

/** Reads the text format of Prometheus; what does not fit it is an error. */
export function readExposition(text: string): ReadonlyMap<string, Exposed> {
  const metrics = new Map<string, Exposed>();
  for (const block of text.split(/^(?=# HELP )/m)) {
    const [helpLine = '', typeLine = '', ...lines] = block.trimEnd().split('\n');
    const [, name = '', help = ''] = match(/^# HELP (\S+) (.*)$/, helpLine);
    const [, type = ''] = match(new RegExp(`^# TYPE ${name} (counter|gauge|histogram|summary)$`), typeLine);
    if (metrics.has(name)) throw new Error(`twice: ${name}`);
    const labels = lines.flatMap((line) => labelsOf(line, name));
    const names = labels.map(([label]) => label).filter((label) => type !== 'histogram' || label !== 'le');
    const bounds = labels.filter(([label]) => label === 'le').map(([, value]) => value);
    metrics.set(name, {
      type,
      help,
      labels: [...new Set(names)].sort(),
      buckets: [...new Set(bounds)],
      lines,
    });
  }
  return metrics;
}

function labelsOf(line: string, name: string): readonly (readonly [string, string])[] {
  const [, inBraces = ''] = match(
    new RegExp(
      `^${name}(?:_bucket|_sum|_count)?(?:\\{(.*)\\})? (?:[-+]?[0-9.]+(?:e[-+]\\d\\d)?|[-+]Inf|NaN)$`,
    ),
    line,
  );
  return [...inBraces.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/g)].map(
    ([, label = '', value = '']) => [label, value],
  );
}

function match(pattern: RegExp, line: string): RegExpExecArray {
  const found = pattern.exec(line);
  if (found === null) throw new Error(`not the text format: ${line}`);
  return found;
}
