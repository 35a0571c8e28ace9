import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chainwright } from '../cli/chainwright.ts';
import { HOSTILE, hostileDump } from '../unit/graph/drawing.ts';
import { startChromium, type Chromium } from './chromium.ts';
import { openPage, type Look, type Page } from './page.ts';
import { largeManifests, makePage } from './pages.ts';

const LOCAL_POLICY = 'rules/nodeport/external-policy-local/expected.v4.rules';
const MULTI_PORT = 'rules/nodeport/multi-port-31000-31001';
const HUNDRED = 'rules/clusterip/hundred-endpoints-two-slices/expected.v4.rules';
const LARGE = 10_000;

const LOOKS: readonly (Look & { readonly name: string })[] = [
  { name: '400-light', width: 400, scheme: 'light' },
  { name: '400-dark', width: 400, scheme: 'dark' },
  { name: '1600-light', width: 1600, scheme: 'light' },
  { name: '1600-dark', width: 1600, scheme: 'dark' },
];

let browser: Chromium;
let directory: string;
let opened: Page[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'chainwright-graph-'));
  browser = await startChromium();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});
// Whatever a test looks at, the page must have been silent and alone meanwhile.
afterEach(() => {
  for (const { complaints, requests } of opened)
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] });
  opened = [];
});

async function open(path: string, look: Look): Promise<Page> {
  const page = await openPage(browser, path, look);
  opened.push(page);
  return page;
}

function textOf(selector: string): string {
  return `document.querySelector(${JSON.stringify(selector)}).textContent`;
}

const FOCUSED = `(() => {
  const { id, dataset, ariaLabel } = document.activeElement;
  return [id, dataset.of, ariaLabel].filter((part) => part).join(' | ');
})()`;

/** Texts of the page whose colour stands out too little from what is painted under them. */
const FAINT = `(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (a, b) => {
    const [l, d] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (l + 0.05) / (d + 0.05);
  };
  const groundOf = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    for (const below of document.elementsFromPoint(x + Math.min(4, width / 2), y + height / 2)) {
      const style = getComputedStyle(below);
      const isPaint = below instanceof SVGElement && !['text', 'g', 'svg'].includes(below.tagName);
      const colour = isPaint ? style.fill : style.backgroundColor;
      const [, , , alpha = 1] = colour === 'none' ? [0, 0, 0, 0] : channels(colour);
      if (alpha === 1) return channels(colour);
    }
    return undefined;
  };
  const faint = [];
  let seen = 0;
  for (const element of document.querySelectorAll('body *')) {
    const isText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (!isText || ['SCRIPT', 'NOSCRIPT'].includes(element.tagName)) continue;
    const ground = groundOf(element);
    if (ground === undefined) continue;
    seen += 1;
    const style = getComputedStyle(element);
    const ratio = contrast(channels(element instanceof SVGElement ? style.fill : style.color), ground);
    if (ratio < 4.5) faint.push(element.textContent + ' ' + ratio.toFixed(2));
  }
  return { seen, faint };
})()`;

describe.each(LOOKS)('the page at $name', ({ name, ...look }) => {
  it.each([
    ['service', ['--rules', LOCAL_POLICY], '#service/default%2Flocal'],
    [
      'ports',
      ['-f', `${MULTI_PORT}/cluster.yaml`, '--config', `${MULTI_PORT}/config.yaml`],
      '#service/default%2Fmulti',
    ],
    ['node', ['--rules', LOCAL_POLICY], ''],
    ['endpoints', ['--rules', HUNDRED], '#service/default%2Fhundred'],
  ])('is readable and fits: %s', async (kind, args, hash) => {
    const page = await open(await makePage(directory, kind, args), { ...look, hash });
    expect(await page.read('document.documentElement.scrollWidth')).toBe(look.width);
    const { seen, faint } = (await page.read(FAINT)) as { readonly seen: number; readonly faint: unknown };
    expect(seen).toBeGreaterThan(20);
    expect(faint).toEqual([]);
    // A rule pointed at shows its text, and moves nothing.
    const places =
      'JSON.stringify([...document.querySelectorAll("main, aside, nav, #picture")].map((e) => e.getBoundingClientRect()))';
    await page.read('scrollTo(0, 0)');
    const before = await page.read(places);
    await page.moveTo('#picture .row');
    await page.until(`${textOf('#details')}.includes('-A PREROUTING -m comment')`);
    expect(await page.read(places)).toBe(before);
    await page.screenshot(`${kind}-${name}.png`);
  });
});

describe('a node of 10,000 services', () => {
  let path: string;
  beforeAll(async () => {
    path = await makePage(directory, 'large', await largeManifests(directory, LARGE));
  });

  it.each(LOOKS)('is drawn in part: $name', async ({ name, ...look }) => {
    const page = await open(path, look);
    expect(await page.read(textOf('#found'))).toBe('10,000 services');
    // What is out of sight does not exist.
    expect(await page.read('document.querySelectorAll(".option").length')).toBeLessThan(60);
    expect(await page.read('document.querySelectorAll("*").length')).toBeLessThan(1500);
    expect(await page.read('document.documentElement.scrollWidth')).toBe(look.width);
    await page.screenshot(`large-${name}.png`);
  });

  it('is small enough to be passed around', async () => {
    expect((await stat(path)).size).toBeLessThan(2_500_000);
  });

  it('is searched through to the last endpoint', async () => {
    const page = await open(path, { width: 1600 });
    await page.press('/');
    await page.type('10.128.78.32');
    await page.until(`${textOf('#found')} === '1 found'`);
    expect(await page.read(textOf('.option'))).toBe('shop/service-999910.128.78.32:8080');
    await page.press('Enter');
    await page.until(`${textOf('#title')} === 'shop/service-9999'`);
    expect(await page.read('location.hash')).toBe('#service/shop%2Fservice-9999');
    // So many services have the indexed layout, where the last endpoint stands in the service's own chain.
    expect(await page.read(textOf('#details code'))).toMatch(
      /^-A KUBE-SVC-.* --to-destination 10\.128\.78\.32:8080$/,
    );
    expect(await page.read('document.querySelector(".sought").ariaLabel')).toBe('to 10.128.78.32:8080, 50 %');
    await page.screenshot('large-service-1600-light.png');
  });

  it('has its list scrolled to the end by keys', async () => {
    const page = await open(path, { width: 1600 });
    await page.read('document.querySelector("#list").scrollTo(0, 1e9)');
    await page.until(
      `[...document.querySelectorAll('.option b')].at(-1).textContent === 'shop/service-9999'`,
    );
    expect(await page.read('document.querySelectorAll(".option").length')).toBeLessThan(60);
  });

  it('has dispatch chains opened a part at a time', async () => {
    const page = await open(path, { width: 1600, hash: '#service/shop%2Fservice-7' });
    await page.click('[data-of="nat KUBE-SERVICES"][data-index="1"]');
    await page.until(`${textOf('#title')} === 'KUBE-SERVICES'`);
    expect(await page.read('document.querySelectorAll(".row").length')).toBeLessThan(400);
  });
});

describe('the keyboard', () => {
  it('walks from the search to an endpoint and back', async () => {
    const page = await open(await makePage(directory, 'keys', ['--rules', LOCAL_POLICY]), { width: 1600 });
    await page.press('/');
    expect(await page.read(FOCUSED)).toBe('search');
    await page.type('loc');
    await page.press('ArrowDown');
    expect(
      await page.read(
        `document.getElementById(document.activeElement.getAttribute('aria-activedescendant')).textContent`,
      ),
    ).toContain('default/local');
    await page.press('Enter');
    await page.until(`${textOf('#title')} === 'default/local'`);
    await page.press('Tab');
    expect(await page.read(FOCUSED)).toBe('whole');
    await page.press('Tab');
    expect(await page.read(FOCUSED)).toBe('nat PREROUTING | service portals');
    await page.press('ArrowRight', 'ArrowDown', 'ArrowRight');
    expect(await page.read(FOCUSED)).toBe('nat KUBE-NODEPORTS | node port 31100/tcp');
    expect(await page.read(textOf('#details code'))).toContain('--dport 31100 -j KUBE-EXT-NEXWZWH5PGMW4KIO');
    await page.press('Enter', 'End', 'ArrowRight');
    expect(await page.read(FOCUSED)).toBe('nat KUBE-SVL-NEXWZWH5PGMW4KIO | 10.244.1.5:8080');
    await page.press('ArrowRight', 'ArrowDown');
    expect(await page.read(FOCUSED)).toBe('nat KUBE-SEP-MCKWCNJ7YUPV5DNJ | to 10.244.1.5:8080');
    await page.screenshot('keyboard.png');
    await page.press('ArrowLeft', 'Escape');
    expect(await page.read(FOCUSED)).toBe('search');
    await page.press('Escape');
    expect(await page.read('document.activeElement.value')).toBe('');
  });

  it('leaves and returns by the history', async () => {
    const page = await open(await makePage(directory, 'history', ['--rules', LOCAL_POLICY]), { width: 1600 });
    await page.click('.option:nth-child(2)');
    await page.until(`${textOf('#title')} === 'default/local'`);
    await page.click('#whole');
    await page.until(`${textOf('#title')} === 'All rules'`);
    await page.read('history.back()');
    await page.until(`${textOf('#title')} === 'default/local'`);
  });
});

describe('a page for one service', () => {
  it('opens with it', async () => {
    const path = await makePage(directory, 'one', ['local', '--rules', LOCAL_POLICY]);
    const page = await open(path, { width: 1600 });
    expect(await page.read(textOf('#title'))).toBe('default/local');
  });

  it('finds a shared chain by name', async () => {
    const page = await open(await makePage(directory, 'chain', ['--rules', LOCAL_POLICY]), { width: 1600 });
    await page.press('/');
    await page.type('kube-forward');
    await page.until(`${textOf('#found')} === '1 found'`);
    await page.press('Enter');
    await page.until(`${textOf('#title')} === 'KUBE-FORWARD'`);
    expect(await page.read(textOf('#picture'))).toContain('marked: accept');
  });

  it('shows more endpoints where asked', async () => {
    const path = await makePage(directory, 'more', ['hundred', '--rules', HUNDRED]);
    const page = await open(path, { width: 1600 });
    const cards = 'document.querySelectorAll(".chain").length';
    expect(await page.read(cards)).toBe(4 + 39);
    await page.click('[data-of^="nat KUBE-SVC-"][data-index="40"]');
    await page.until(`${cards} === 104`);
  });
});

describe.each(HOSTILE)('the comment %j', (comment) => {
  it('is text in the page', async () => {
    const dump = join(directory, 'hostile.rules');
    await writeFile(dump, hostileDump(comment));
    const path = await makePage(directory, 'hostile', ['--rules', dump]);
    const page = await open(path, { width: 1600 });
    await page.moveTo('#picture .row');
    const shown = comment.replace(/[\\"]/g, (character) => `\\${character}`);
    await page.until(`${textOf('#details code')}.includes(${JSON.stringify(shown)})`);
    expect(await page.read('document.scripts.length')).toBe(2);
    expect(await page.read('document.querySelectorAll("img, script:not(body > script)").length')).toBe(0);
    expect(await page.read('document.documentElement.scrollWidth')).toBe(1600);
  });

  it('is text in the SVG and to Graphviz', async () => {
    const dump = join(directory, 'hostile.rules');
    await writeFile(dump, hostileDump(comment));
    const svg = join(directory, 'hostile.svg');
    expect((await chainwright(['graph', '--rules', dump, '--out', svg])).exitCode).toBe(0);
    const page = await open(svg, { width: 1600, ready: 'document.documentElement.tagName === "svg"' });
    const parsed = await page.read(`(() => {
      const handlers = [...document.querySelectorAll('*')]
        .flatMap((element) => [...element.attributes])
        .filter(({ name }) => name.startsWith('on'));
      return [document.querySelectorAll('parsererror, script, img, a, foreignObject').length, handlers.length];
    })()`);
    expect(parsed).toEqual([0, 0]);
    expect(await page.read('document.querySelectorAll(".chain").length')).toBe(5);
    const { stdout } = await chainwright(['graph', '--rules', dump, '--output', 'dot']);
    const plain = await execa('dot', ['-Tplain'], { input: stdout });
    expect(plain.stderr).toBe('');
    expect(plain.stdout.match(/^node /gm)).toHaveLength(5);
  });
});
