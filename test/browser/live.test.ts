import type { Browser } from 'playwright-core';
import { inBrowser, openBrowser, picture, type Stage, settled, stage, text, type Visit, visit } from './stage.ts';

jest.setTimeout(30_000);
const MINUTE = 60_000;

inBrowser('while the page is open', () => {
  let browser: Browser;
  let here: Stage;
  let seen: Visit;

  beforeAll(async () => {
    [browser, here] = await Promise.all([openBrowser(), stage(false)]);
  });
  afterAll(async () => {
    await browser?.close();
    await here?.stop();
  });
  afterEach(async () => {
    expect(await seen.faults()).toEqual([]);
    await seen.close();
  });

  test('an empty store says how to begin, and figures come by themselves', async () => {
    seen = await visit(browser, 'about:blank');
    const { page } = seen;
    await page.clock.install();
    await page.goto(here.url());
    await page.getByText('No log event has been read yet').waitFor();
    await settled(page);
    await picture(page, 'desktop-light-empty');
    const nowMs = Math.floor(Date.now() / MINUTE) * MINUTE;
    for (let ago = 15; ago > 0; ago--) await here.minute(nowMs - ago * MINUTE, 30, 0);
    await page.clock.fastForward(31_000);
    await page.getByText('of 450 calls').waitFor();
    expect(await text(page, '.tile.main')).toContain('Failed calls0');
    await here.minute(nowMs, 30, 12);
    await page.clock.fastForward(31_000);
    await page.getByText('of 480 calls').waitFor();
    expect(await text(page, '.tile.main')).toContain('Failed calls12');
    await page.getByRole('button', { name: 'Pause refreshing' }).click();
    await here.minute(nowMs + MINUTE, 30, 30);
    await page.clock.fastForward(120_000);
    expect(await text(page, '.tile.main')).toContain('of 480 calls');
    await page.getByRole('button', { name: 'Go on refreshing' }).click();
    await page.getByText('of 510 calls').waitFor();
  });

  test('a server that goes is said once and clearly, and its return is noticed', async () => {
    seen = await visit(browser, here.url());
    const { page } = seen;
    await settled(page);
    const before = await text(page, '.tile.main');
    await here.stop();
    await page.getByRole('button', { name: 'Refresh now' }).click();
    await page.getByText('The server does not answer.').first().waitFor();
    expect(await text(page, '.gone-bar')).toMatch(/What you see is of \d\d:\d\d:\d\d UTC\. Trying again/);
    expect(await text(page, '[role=status]')).toBe('The server does not answer.');
    expect(await text(page, '.tile.main')).toBe(before);
    expect(await text(page, '.fresh')).toContain('No answer');
    await picture(page, 'desktop-light-gone');
    await here.start();
    await page.locator('.gone-bar').waitFor({ state: 'detached' });
    expect(await text(page, '[role=status]')).toBe('The server answers again.');
    expect(await text(page, '.fresh')).toContain('Live');
  });

  test('a page that opens while the server is busy asks again', async () => {
    seen = await visit(browser, 'about:blank');
    const { page } = seen;
    let refused = 0;
    await page.route('**/v1/**', (route) => {
      refused += 1;
      return refused <= 3 ? route.fulfill({ status: 429, body: 'busy' }) : route.continue();
    });
    await page.goto(here.url());
    await page.locator('.tile.main').waitFor();
    expect(refused).toBeGreaterThan(3);
  });

  test('credentials that may not ask are told how to open the page', async () => {
    seen = await visit(browser, 'about:blank');
    const { page } = seen;
    await page.route('**/v1/**', (route) => route.fulfill({ status: 403, json: { Message: 'Forbidden' } }));
    await page.goto(here.url());
    await page.getByText('You may not read this').first().waitFor();
    await page
      .getByText(/gridwatch dashboard/)
      .first()
      .waitFor();
  });
});
