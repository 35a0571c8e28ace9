import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../support/cases.ts';
import type { Chromium } from './chromium.ts';

/** Pictures that the tests leave behind for people to look at. */
const OUTPUT = join(ROOT, 'test/browser/output');

export interface Look {
  readonly width: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
  readonly hash?: string;
  /** What is true once the page is there; by default that its picture is drawn. */
  readonly ready?: string;
}

export interface Page {
  /** What an expression of the page is, as JSON would have it. */
  readonly read: (expression: string) => Promise<unknown>;
  /** Waits until an expression is true. */
  readonly until: (expression: string) => Promise<void>;
  /** Presses keys by their names, `ArrowDown`, or characters. */
  readonly press: (...keys: readonly string[]) => Promise<void>;
  readonly type: (text: string) => Promise<void>;
  /** Clicks in the middle of what a selector finds first. */
  readonly click: (selector: string) => Promise<void>;
  readonly moveTo: (selector: string) => Promise<void>;
  readonly screenshot: (name: string) => Promise<void>;
  /** Messages of the console, errors and refusals of the page's policy. */
  readonly complaints: readonly string[];
  /** Everything that was asked of any network or disk, the page's own file aside. */
  readonly requests: readonly string[];
  /** Milliseconds from the beginning of loading until the rules were on the page. */
  readonly readyAfter: number;
}

const PATIENCE = 20_000;
const READY = "document.querySelector('#picture svg') !== null";

export async function openPage(browser: Chromium, path: string, look: Look): Promise<Page> {
  const target = await browser.newTarget();
  const complaints: string[] = [];
  const requests: string[] = [];
  const url = pathToFileURL(path).href + (look.hash ?? '');
  target.onEvent((method, parameters) => {
    if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded') {
      complaints.push(JSON.stringify(parameters));
    }
    if (method === 'Runtime.consoleAPICalled') complaints.push(JSON.stringify(parameters.args));
    if (method === 'Network.requestWillBeSent') {
      const { url: asked } = parameters.request as { readonly url: string };
      if (asked !== url.replace(/#.*/, '')) requests.push(asked);
    }
  });
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await target.send(`${domain}.enable`);
  const { width, height = 900, scheme = 'light' } = look;
  await target.send('Emulation.setDeviceMetricsOverride', {
    width,
    height,
    deviceScaleFactor: 1,
    mobile: false,
  });
  await target.send('Emulation.setEmulatedMedia', {
    features: [{ name: 'prefers-color-scheme', value: scheme }],
  });

  const read = async (expression: string): Promise<unknown> => {
    const answer = await target.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (answer.exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(answer)}`);
    return (answer.result as { readonly value?: unknown }).value;
  };
  const until = async (expression: string): Promise<void> => {
    const deadline = Date.now() + PATIENCE;
    while ((await read(expression)) !== true) {
      if (Date.now() > deadline) throw new Error(`never true: ${expression}; ${complaints.join('; ')}`);
    }
  };
  const place = async (selector: string): Promise<{ readonly x: number; readonly y: number }> => {
    const text = JSON.stringify(selector);
    const found = await read(`(() => {
      const element = document.querySelector(${text});
      if (element === null) return null;
      element.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };
    })()`);
    if (found === null) throw new Error(`the page has no ${selector}`);
    return found as { readonly x: number; readonly y: number };
  };
  const moveTo = async (selector: string): Promise<void> => {
    await target.send('Input.dispatchMouseEvent', { type: 'mouseMoved', ...(await place(selector)) });
  };

  await target.send('Page.navigate', { url });
  await until(look.ready ?? READY);
  const readyAfter = Number(await read('performance.now()'));
  return {
    read,
    until,
    press: async (...keys) => {
      for (const key of keys) {
        const text = TEXTS.get(key) ?? (key.length === 1 ? key : undefined);
        const named = { key, code: key, windowsVirtualKeyCode: KEY_CODES.get(key) ?? 0 };
        await target.send('Input.dispatchKeyEvent', {
          type: 'keyDown',
          ...named,
          ...(text === undefined ? {} : { text }),
        });
        await target.send('Input.dispatchKeyEvent', { type: 'keyUp', ...named });
      }
    },
    type: async (text) => {
      await target.send('Input.insertText', { text });
    },
    click: async (selector) => {
      const at = { ...(await place(selector)), button: 'left', clickCount: 1 };
      await target.send('Input.dispatchMouseEvent', { type: 'mousePressed', ...at });
      await target.send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at });
    },
    moveTo,
    screenshot: async (name) => {
      const { data } = await target.send('Page.captureScreenshot', { format: 'png' });
      await mkdir(dirname(join(OUTPUT, name)), { recursive: true });
      await writeFile(join(OUTPUT, name), String(data), 'base64');
    },
    complaints,
    requests,
    readyAfter,
  };
}

const TEXTS: ReadonlyMap<string, string> = new Map([['Enter', '\r']]);
const KEY_CODES: ReadonlyMap<string, number> = new Map([
  ['Tab', 9],
  ['Enter', 13],
  ['Escape', 27],
  ['ArrowLeft', 37],
  ['ArrowUp', 38],
  ['ArrowRight', 39],
  ['ArrowDown', 40],
]);
