import { createHash } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dotLines } from '../../../src/graph/dot.ts';
import { escapeMarkup, scriptJson } from '../../../src/graph/escape.ts';
import { htmlPage } from '../../../src/graph/html.ts';
import { across } from '../../../src/graph/layout/across.ts';
import { nodePicture } from '../../../src/graph/node-picture.ts';
import type { PageData } from '../../../src/graph/page-data.ts';
import { graphOfSave } from '../../../src/graph/save-text.ts';
import { dispatchOf } from '../../../src/graph/services.ts';
import { svgDocument } from '../../../src/graph/svg.ts';
import { DARK, LIGHT, type Palette } from '../../../src/graph/theme.ts';
import { caseNamed, graphOfCase, graphOfHostile, HOSTILE, LIMITS, pictureOf } from './drawing.ts';

const PARTS = { script: 'void 0;', style: 'p{}' };

function svgOf(comment: string): string {
  const graph = graphOfHostile(comment);
  const picture = nodePicture(graph, dispatchOf(graph), comment, LIMITS);
  const ruleText = ({ chain, index }: { chain: string; index: number }): string =>
    graph.chains.get(chain as never)?.rules[index]?.text ?? '';
  return svgDocument(picture, across(picture), { ruleText });
}

describe('SVG', () => {
  it('has the cards, the rules and their texts', () => {
    const graph = graphOfCase(caseNamed('nodeport/external-policy-local'));
    const picture = pictureOf(graph, 'default/local');
    const svg = svgDocument(picture, across(picture), {
      ruleText: ({ chain, index }) => `${chain} ${index}`,
    });
    expect(svg).toContain('>KUBE-SVC-NEXWZWH5PGMW4KIO</text>');
    expect(svg).toContain('>node port 31100/tcp</text>');
    expect(svg).toContain('<title>nat KUBE-NODEPORTS 0</title>');
    expect(svg.match(/<path class="line/g)).toHaveLength(picture.edges.length);
    expect(svg.match(/<path class="line conditional"/g)).toHaveLength(2);
    expect(svg).toContain('prefers-color-scheme:dark');
  });

  it.each(HOSTILE)('holds %j as text only', (comment) => {
    // What we write ourselves aside, each < begins one of a few elements, and no attribute is a handler.
    const elements = [...svgOf(comment).matchAll(/<\/?([^\s>/]*)/g)].map(([, name]) => name);
    const known = ['svg', 'title', 'desc', 'style', 'rect', 'g', 'text', 'path', 'circle'];
    expect(elements.filter((name) => !known.includes(name ?? ''))).toEqual([]);
    expect(/<[^>]*\son\w+=/.exec(svgOf(comment))).toBeNull();
  });
});

describe('Graphviz text', () => {
  it('has a record for each chain and an edge for each jump', () => {
    const picture = pictureOf(graphOfCase(caseNamed('clusterip/one-endpoint')), 'default/one');
    const lines = [...dotLines(picture)];
    expect(lines[0]).toBe('digraph rules {');
    expect(lines.at(-1)).toBe('}');
    expect(lines.filter((line) => line.includes('->'))).toHaveLength(picture.edges.length);
    expect(lines).toContain('  chain0:r0:e -> chain2:head:w [penwidth=6.00, weight=10]');
  });

  it.each(HOSTILE)('holds %j in quotes', (comment) => {
    const graph = graphOfHostile(comment);
    const lines = [...dotLines(nodePicture(graph, dispatchOf(graph), comment, LIMITS))];
    // A line of ours each: nothing got out and began one of its own.
    for (const line of lines) expect(line).toMatch(/^(digraph|}|  (graph|node|edge|chain\d+)[ :])/);
    for (const line of lines.filter((text) => text.startsWith('  graph'))) {
      expect(line.replace(/\\./g, '').match(/"/g)).toHaveLength(4);
    }
  });
});

function dataIn(page: string): PageData {
  const [, json = ''] = /<script type="application\/json" id="data">([^]*?)<\/script>/.exec(page) ?? [];
  return JSON.parse(json) as PageData;
}

describe('the page', () => {
  it.each(HOSTILE)('carries %j as data', (comment) => {
    const graph = graphOfHostile(comment);
    const page = htmlPage(graph, { node: comment, counted: undefined, service: comment }, PARTS);
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page.match(/<\/script>/g)).toHaveLength(2);
    const { node, service, rules, family } = dataIn(page);
    expect({ node, service }).toEqual({ node: comment, service: comment });
    const text = inflateRawSync(Buffer.from(rules, 'base64')).toString('utf8');
    expect(graphOfSave(text.trimEnd().split('\n'), family)).toEqual(graph);
  });

  it('lets in nothing but its own script and style', () => {
    const page = htmlPage(graphOfHostile('a'), { node: '', counted: undefined, service: undefined }, PARTS);
    const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
    const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const [, style = ''] = /<style>([^]*?)<\/style>/.exec(page) ?? [];
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hash(PARTS.script)}`,
      `style-src ${hash(style)}`,
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  it('is the same page for the same rules', () => {
    const make = (): string =>
      htmlPage(graphOfHostile('a'), { node: 'a', counted: undefined, service: undefined }, PARTS);
    expect(make()).toBe(make());
  });
});

describe('escaping', () => {
  it('leaves no text a way out', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeMarkup(text)).not.toMatch(/[<>"']/);
        const json = scriptJson({ text });
        expect(json).not.toContain('<');
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });
});

/** WCAG 2.2: relative luminance and contrast ratio. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
      const value = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

describe.each([
  ['light', LIGHT],
  ['dark', DARK],
] as const)('the %s colours', (_, palette: Palette) => {
  const grounds = [palette.page, palette.card, palette.hover, ...Object.values(palette.heads)];

  it('have texts that stand out by 4.5 to 1', () => {
    for (const ground of grounds) {
      for (const ink of [palette.text, palette.muted])
        expect(contrast(ink, ground)).toBeGreaterThanOrEqual(4.5);
    }
    for (const ground of [palette.card, palette.hover]) {
      for (const ink of [palette.endpoint, palette.denied, palette.mark]) {
        expect(contrast(ink, ground)).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it('have lines and marks of focus that stand out by 3 to 1', () => {
    for (const ink of [palette.line, palette.conditionalLine, palette.focus]) {
      expect(contrast(ink, palette.page)).toBeGreaterThanOrEqual(3);
    }
  });
});
