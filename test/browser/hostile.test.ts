import type { Browser } from 'playwright-core';
import { DESKTOP, inBrowser, openBrowser, PHONE, picture, type Stage, settled, stage, visit } from './stage.ts';

jest.setTimeout(30_000);

/** What a log can make of a name, and a broken store of a text. */
const HOSTILE = [
  '<img src=x onerror="window.pwned=1">',
  'javascript:window.pwned=1',
  '</script><script>window.pwned=1</script>',
  '\u202Egnitrats\u2066 thgir-ot-tfel',
  `"'><svg onload=window.pwned=1>`,
  'x'.repeat(10_000),
  '😀'.repeat(3000),
  '{{window.pwned=1}}',
  '__proto__',
  'data:text/html,<script>window.pwned=1</script>',
  '  \u0000\u001B[31m\n\t ',
];
const NAMES = ['value', 'model', 'provider', 'tenant', 'project', 'key', 'logGroup'];
const TEXTS = ['title', 'meaning', 'doNot', 'docUrl', 'detail', 'says', 'version', 'silencedBy'];

const hostile = (text: string): string =>
  HOSTILE[[...text].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % HOSTILE.length] ?? '';

/** Every name and text of an answer, made hostile; ids, times and states stay, since the page needs them. */
async function poisoned(answer: Response): Promise<Response> {
  const body: unknown = JSON.parse(await answer.text(), (name, value) => {
    if (typeof value === 'string' && (NAMES.includes(name) || TEXTS.includes(name))) return hostile(value);
    if (Array.isArray(value) && ['remediation', 'commonCauses'].includes(name)) return HOSTILE;
    if (name === 'skipped') return Object.fromEntries(HOSTILE.map((text, n) => [text, n]));
    if (name === 'reason' && typeof value === 'string') return HOSTILE[0];
    return value;
  });
  return Response.json(body, { status: answer.status });
}

inBrowser('names that are markup, scripts, links or far too long', () => {
  let browser: Browser;
  let here: Stage;

  beforeAll(async () => {
    [browser, here] = await Promise.all([openBrowser(), stage(true, poisoned)]);
  });
  afterAll(async () => {
    await browser?.close();
    await here?.stop();
  });

  test.each([
    ['desktop', DESKTOP],
    ['phone', PHONE],
  ])('are text on every view, and break no layout: %s', async (look, options) => {
    const { page, faults, close } = await visit(browser, here.url(), options);
    const { alerts } = await (await fetch(`${here.url()}/v1/alerts`)).json();
    const views = [
      ...[
        '#/',
        '#/?by=model',
        '#/?by=logGroup',
        '#/alerts',
        '#/causes',
        '#/causes/budget_exceeded',
        '#/unknown',
        '#/health',
      ],
      ...alerts.map(({ id }: { id: string }) => `#/alerts/${id}`),
      ...HOSTILE.map((text) => `#/causes/${encodeURIComponent(text)}?model=${encodeURIComponent(text)}`),
      ...HOSTILE.slice(0, 5).map((text) => `#/?from=${encodeURIComponent(text)}&model=${encodeURIComponent(text)}`),
    ];
    const wide: string[] = [];
    for (const hash of views) {
      await page.goto(`${here.url()}/${hash}`);
      await settled(page);
      const state = await page.evaluate(() => ({
        pwned: 'pwned' in window,
        overflow: document.documentElement.scrollWidth - window.innerWidth,
        links: [...document.querySelectorAll('a')].map((a) => a.protocol),
        injected: document.querySelectorAll('main img, main script, main iframe, main svg[onload]').length,
        longest: Math.max(...[...document.querySelectorAll('main bdi, h1')].map((e) => e.textContent?.length ?? 0)),
      }));
      expect(state).toMatchObject({ pwned: false, injected: 0 });
      expect(state.longest).toBeLessThan(300);
      expect(state.links.filter((protocol) => protocol !== 'http:' && protocol !== 'https:')).toEqual([]);
      if (state.overflow > 0) wide.push(`${hash.slice(0, 40)} ${state.overflow}`);
      if (hash === '#/' || hash.startsWith('#/alerts/')) await picture(page, `hostile-${look}-${hash.length}`);
    }
    expect(wide).toEqual([]);
    expect(await faults()).toEqual([]);
    await close();
  });
});
