import type { Place } from './github.ts';

/** Where the manifest of a Service has its name; the first of that name and namespace. */
export function servicePlace(
  texts: readonly { readonly name: string; readonly text: string }[],
  service: string,
): Place | undefined {
  const [namespace = '', name = ''] = service.split('/');
  for (const { name: file, text } of texts) {
    let line = 1;
    for (const document of text.split(/^---.*$/m)) {
      const lines = document.split('\n');
      const at = lines.findIndex((each) => fieldOf(each, 'name') === name);
      const isService = lines.some((each) => fieldOf(each, 'kind') === 'Service');
      const given = lines.map((each) => fieldOf(each, 'namespace')).find((found) => found !== undefined);
      if (at >= 0 && isService && (given ?? 'default') === namespace) return { file, line: line + at };
      line += lines.length - 1;
    }
  }
  return undefined;
}

function fieldOf(line: string, field: string): string | undefined {
  const found = /^\s*(?:- )?["']?(\w+)["']?:\s*["']?([^\s"',#]+)/.exec(line);
  return found?.[1] === field ? found[2] : undefined;
}
