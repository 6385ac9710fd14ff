/**
 * A gridwatch with the recorded incident in memory, served as `gridwatch start` serves it, and a browser to look at it. Each
 * page listens for breaches of the content security policy and for errors; a test ends with none of either.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { withDashboard } from '../../functions/dashboard/serve.ts';
import { memoryStore } from '../../functions/local/memory-store.ts';
import { replay } from '../../functions/local/replay.ts';
import { type LocalServer, serveLocally } from '../../functions/local/server.ts';
import { queryApi } from '../../shared/api.ts';
import { evaluate, ingest } from '../../shared/pipeline.ts';
import type { Store } from '../../shared/ports.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';

const ROOT = join(import.meta.dirname, '../..');
export const ARTEFACTS = join(ROOT, '.artifacts');

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'];
const chromiumPath = [process.env['CHROMIUM_PATH'] ?? '', ...PLACES].find((path) => path !== '' && existsSync(path));
if (chromiumPath === undefined)
  console.warn('Browser tests are left out: no chromium is installed, and CHROMIUM_PATH names none.');
/** Left out, and said so, where there is no browser. */
export const inBrowser = chromiumPath === undefined ? describe.skip : describe;

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: chromiumPath ?? '', args: ['--no-sandbox', '--disable-dev-shm-usage'] });

const SETTINGS = { ...DEFAULT_SETTINGS, keySalt: 'browser' };
const notifier = { send: async () => {} };

export interface Stage {
  readonly url: () => string;
  readonly store: Store;
  /** So many calls of which so many fail, in the minute before this time, judged at its end. */
  minute(endMs: number, calls: number, failing: number): Promise<void>;
  /** The server ends, as if the terminal were closed. */
  stop(): Promise<void>;
  /** And begins again on the same port. */
  start(): Promise<void>;
}

/** `through`: what stands between the page and the API. */
export async function stage(
  incident: boolean,
  through: (answer: Response) => Promise<Response> = async (answer) => answer,
): Promise<Stage> {
  const store = memoryStore();
  if (incident) {
    const folder = join(ROOT, 'dist/incident');
    const files = readdirSync(folder).map((name) => join(folder, name));
    await replay(files, { store, settings: SETTINGS, notifier, signal: new AbortController().signal });
  }
  const api = queryApi({ store, version: '0.0.0', now: Date.now });
  const handler = withDashboard(join(ROOT, 'dist/page'), async (request) => through(await api(request)));
  let server: LocalServer = await serveLocally({ handler, port: 0 });
  const { port } = new URL(server.url);
  return {
    store,
    url: () => server.url,
    stop: () => server.close(),
    start: async () => {
      server = await serveLocally({ handler, port: Number(port) });
    },
    minute: async (endMs, calls, failing) => {
      const lines = Array.from({ length: calls }, (_, i) => ({
        id: `${endMs}-${i}`,
        timestamp: endMs - 60_000 + Math.floor((i * 60_000) / calls),
        message: `INFO httpx: HTTP Request: POST https://api.llmgrid.ai/v1/chat/completions "HTTP/1.1 ${i < failing ? '503 Service Unavailable' : '200 OK'}"`,
      }));
      const batch = { owner: 'local', logGroup: '/app/live', logStream: 's', events: lines };
      await ingest(batch, { store, settings: SETTINGS, nowMs: endMs });
      await evaluate({ store, settings: SETTINGS, nowMs: endMs, notifier });
    },
  };
}

/** Requests under way. */
const asking = new WeakMap<Page, number>();

export interface Visit {
  readonly page: Page;
  /** Policy breaches and uncaught errors since asked last. */
  readonly faults: () => Promise<string[]>;
  close(): Promise<void>;
}

export const DESKTOP = { viewport: { width: 1280, height: 900 } };
export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

export async function visit(browser: Browser, url: string, options: BrowserContextOptions = DESKTOP): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('dialog', (dialog) => {
    errors.push(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => {});
  });
  page.on('request', (request) => {
    if (new URL(request.url()).hostname !== '127.0.0.1') errors.push(`asked another host: ${request.url()}`);
    asking.set(page, (asking.get(page) ?? 0) + 1);
  });
  const answered = () => asking.set(page, (asking.get(page) ?? 0) - 1);
  page.on('requestfinished', answered);
  page.on('requestfailed', answered);
  await page.addInitScript(() => {
    const breaches: string[] = [];
    Object.assign(window, { breaches });
    addEventListener('securitypolicyviolation', (event) => breaches.push(`${event.violatedDirective} ${event.sample}`));
  });
  await page.goto(url);
  return {
    page,
    faults: async () => [...errors.splice(0), ...((await page.evaluate('window.breaches.splice(0)')) as string[])],
    close: () => context.close(),
  };
}

/** For people: what the page looked like. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(ARTEFACTS, { recursive: true });
  // The head of the page sticks to where it was scrolled to.
  await page.evaluate('scrollTo(0, 0)');
  await page.screenshot({ path: join(ARTEFACTS, `${name}.png`), fullPage: true, animations: 'disabled' });
}

/** Everything asked for is there, and drawn. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').waitFor();
  for (let quiet = 0, tries = 0; quiet < 3 && tries < 400; tries++) {
    await page.waitForTimeout(25);
    const isLoading = (asking.get(page) ?? 0) > 0 || (await page.locator('.loading, .old').count()) > 0;
    quiet = isLoading ? 0 : quiet + 1;
  }
}

export const text = async (page: Page, selector: string): Promise<string> =>
  ((await page.locator(selector).first().textContent()) ?? '').replace(/\s+/g, ' ').trim();
