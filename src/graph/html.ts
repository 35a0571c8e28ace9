import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { escapeMarkup, scriptJson } from './escape.ts';
import type { PageData } from './page-data.ts';
import type { RuleGraph } from './rule-graph.ts';
import { saveLines } from './save-text.ts';
import { PICTURE_STYLE, PAGE_COLOURS } from './theme.ts';

/** What is built from `page/`. */
export interface PageParts {
  readonly script: string;
  readonly style: string;
}

export interface PageFacts {
  /** The node's name; empty where it is not known. */
  readonly node: string;
  /** When the counters were read, in words; undefined where none were. */
  readonly counted: string | undefined;
  /** The service to open with. */
  readonly service: string | undefined;
}

/**
 * One page with everything in it. Its policy lets nothing in from outside, and no script but its own: should
 * a text ever get out of its place, it could still not run.
 */
export function htmlPage(graph: RuleGraph, facts: PageFacts, parts: PageParts): string {
  const style = PAGE_COLOURS + PICTURE_STYLE + parts.style;
  const data: PageData = {
    ...facts,
    counted: facts.counted ?? null,
    service: facts.service ?? null,
    family: graph.family,
    rules: packed(saveLines(graph)),
  };
  const title = facts.node === '' ? 'Service rules' : `Service rules of ${facts.node}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(parts.script, style)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeMarkup(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
${body(title)}
<script type="application/json" id="data">${scriptJson(data)}</script>
<script>${parts.script}</script>
</body>
</html>
`;
}

function policy(script: string, style: string): string {
  return [
    "default-src 'none'",
    `script-src '${sourceHash(script)}'`,
    `style-src '${sourceHash(style)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

function sourceHash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** The rules as text, a twentieth of its size. */
function packed(lines: Iterable<string>): string {
  let text = '';
  for (const line of lines) text += `${line}\n`;
  return deflateRawSync(text, { level: 9 }).toString('base64');
}

function body(title: string): string {
  return `<header>
<h1>${escapeMarkup(title)}</h1>
<p id="facts">Reading the rules…</p>
</header>
<nav aria-label="Services">
<label for="search">Search <kbd>/</kbd></label>
<input id="search" type="search" role="combobox" aria-expanded="true" aria-controls="list" aria-autocomplete="list"
 aria-describedby="found" autocomplete="off" spellcheck="false" placeholder="service, address, port, chain">
<p id="found" role="status"></p>
<div id="list" role="listbox" aria-label="Services" tabindex="-1"></div>
</nav>
<main>
<div id="heading">
<div><h2 id="title"></h2><p id="subtitle"></p></div>
<button id="whole" type="button">Whole node</button>
</div>
<div id="picture" role="group" aria-labelledby="title" aria-describedby="keys"></div>
<p id="keys">A line’s width is the part of the connections that take it. Dashed: for some clients only.
<span class="hands">Keys: <kbd>↑</kbd> <kbd>↓</kbd> rules, <kbd>→</kbd> follow, <kbd>←</kbd> back, <kbd>Esc</kbd> search.</span></p>
</main>
<aside id="details" aria-label="Rule" aria-live="polite"></aside>
<noscript><p>This page draws its rules by a script, which your browser does not run.</p></noscript>`;
}
