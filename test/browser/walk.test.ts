import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { ARTEFACTS, inBrowser, openBrowser, type Stage, settled, stage, text, type Visit, visit } from './stage.ts';

jest.setTimeout(30_000);

inBrowser('a person on call', () => {
  let browser: Browser;
  let here: Stage;
  let seen: Visit;
  let page: Page;

  beforeAll(async () => {
    [browser, here] = await Promise.all([openBrowser(), stage(true)]);
  });
  afterAll(async () => {
    await browser?.close();
    await here?.stop();
  });
  beforeEach(async () => {
    seen = await visit(browser, here.url());
    page = seen.page;
  });
  afterEach(async () => {
    expect(await seen.faults()).toEqual([]);
    await seen.close();
  });
  const open = async (hash: string) => {
    await page.goto(`${here.url()}/${hash}`);
    await settled(page);
  };

  test('sees at first look what fails, how much, and which alert fires', async () => {
    await page.locator('.plot canvas').first().waitFor();
    await page.locator('.tops').nth(6).waitFor();
    const timing = await page.evaluate(() => ({
      interactiveMs: Math.round(performance.now()),
      firstPaintMs: Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0),
    }));
    mkdirSync(ARTEFACTS, { recursive: true });
    writeFileSync(join(ARTEFACTS, 'figures.json'), JSON.stringify(timing));
    expect(await text(page, '.tile.main')).toBe('Failed calls483of 3,632 calls');
    expect(await text(page, '.open-alerts')).toContain('Virtual key expired or revoked');
    expect(await page.locator('.tops-grid h2').allTextContents()).toEqual([
      ...['Causes', 'Models', 'Providers', 'Tenants', 'Projects', 'Keys', 'Log groups'],
    ]);
    expect(await text(page, '.tops tbody tr')).toMatch(/^Budget used up.*314.*65 %/);
    expect(timing.interactiveMs).toBeLessThan(5000);
  });

  test('walks from the chart to a cause, to its alert, to what to do, and back', async () => {
    await settled(page);
    await page.getByRole('button', { name: /^Throttled/ }).click();
    await page.waitForURL(/category=throttle/);
    await page.getByRole('link', { name: 'What to do: Budget used up' }).click();
    await page.waitForURL(/#\/causes\/budget_exceeded/);
    await page.getByRole('heading', { level: 1, name: 'Budget used up' }).waitFor();
    await page.locator('.alert-list a').first().click();
    await page.waitForURL(/#\/alerts\/[0-9a-f]{12}/);
    await page.getByRole('heading', { level: 1, name: 'Budget used up: key support-prod' }).waitFor();
    expect(await text(page, '.evidence')).toMatch(
      /^Since 2026-11-17 09:12 UTC, 315 of 374 calls \(84 %\) failed with 429; normal is 0\.3 %\.$/,
    );
    expect(await text(page, '.verdict')).toContain('Retry after the reset');
    expect(await text(page, '.do-not')).toContain('Do not rely on retries');
    expect(await page.locator('.remediation ol li').count()).toBe(5);
    expect(await page.locator('.timeline li').allTextContents()).toEqual(
      expect.arrayContaining([expect.stringContaining('09:12'), expect.stringContaining('firing')]),
    );
    expect(await text(page, '.radius')).toContain('support-copilot.jsonl');
    for (const path of [/causes\/budget_exceeded/, /category=throttle/, /#?\/?$/]) {
      await page.goBack();
      await page.waitForURL(path);
    }
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  });

  test('an alert drawn over the chart leads to its page', async () => {
    await settled(page);
    await page.locator('.lane').nth(1).click();
    await page.getByRole('heading', { level: 1, name: 'Provider overloaded: provider anthropic' }).waitFor();
  });

  test('a link shows another person the same range and filters', async () => {
    await open('#/?from=2026-11-17T09:30:00Z&to=2026-11-17T09:45:00Z&by=cause&provider=anthropic');
    expect(await text(page, '.chips')).toContain('provider: anthropic');
    expect(await text(page, '.tiles')).toContain('2026-11-17 09:30 – 09:45 UTC');
    expect(await page.getByLabel('Stacked by').inputValue()).toBe('cause');
    expect(await text(page, '.legend button')).toMatch(/^Provider overloaded \d+$/);
    await page.getByRole('link', { name: /^Take away the filter provider/ }).click();
    await page.waitForURL((url) => !url.hash.includes('provider='));
    await settled(page);
    expect(await text(page, '.tile.main')).toMatch(/^Failed calls(?!43)\d+of/);
  });

  test('a filter is chosen from what fails, and the range from a list', async () => {
    await settled(page);
    await page.getByLabel('Add filter').selectOption('model');
    await page.getByLabel('Only model').locator('option', { hasText: 'gpt-4o-mini' }).waitFor({ state: 'attached' });
    await page.getByLabel('Only model').selectOption({ label: 'gpt-4o-mini (316)' });
    await page.waitForURL(/model=gpt-4o-mini/);
    await page.locator('.toolbar select').first().selectOption('-6h');
    await page.waitForURL(/from=-6h/);
    await page.getByText('No calls in this range').waitFor();
  });

  test('dragging over the chart zooms into that time', async () => {
    await settled(page);
    const box = await page.locator('.u-over').first().boundingBox();
    if (box === null) throw new Error('no chart');
    await page.mouse.move(box.x + box.width * 0.2, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/from=2026-11-17T09%3A1\d.*to=2026-11-17T09%3A3\d/);
  });

  test('pointing at the chart tells the figures of that minute', async () => {
    await settled(page);
    const box = await page.locator('.u-over').first().boundingBox();
    if (box === null) throw new Error('no chart');
    await page.mouse.move(box.x + box.width * 0.3, box.y + 50);
    expect(await text(page, '.tip')).toMatch(/^2026-11-17 09:1\d–09:1\d.*Throttled.*Failed.*of.*Success rate/);
  });

  test('every figure of the chart stands in its table', async () => {
    await settled(page);
    await page.getByRole('button', { name: 'Show as table' }).click();
    const rows = await page
      .locator('.scroll tbody tr')
      .evaluateAll((all) =>
        all.map((row) => Number([...row.querySelectorAll('td.number')].at(-3)?.textContent?.replace(',', ''))),
      );
    expect(rows.reduce((sum, n) => sum + n, 0)).toBe(483);
  });

  test('the catalogue is searched, and says what it does not know', async () => {
    await open('#/causes');
    await page.getByLabel('Find a cause').fill('budget');
    expect(await page.locator('.cause-list a').allTextContents()).toContain('Budget used up');
    await page.getByLabel('Find a cause').fill('no such thing');
    await page.getByText('No cause fits').waitFor();
    await open('#/causes/no_such_cause');
    await page.getByText('The catalogue has no cause “no_such_cause”').waitFor();
  });

  test('health says that every log event is accounted for', async () => {
    await open('#/health');
    expect(await text(page, '.equation')).toMatch(
      /^8,533 received ?= ?equals 7,468 counted ?\+ ?plus 1,065 not calls ?\+ ?plus 0 malformed ?\+ ?plus 0 too late$/,
    );
    await page.getByRole('heading', { name: 'Everything is accounted for' }).waitFor();
  });

  test('a silence is asked for, listed, and ended', async () => {
    await open('#/alerts?state=firing');
    await page.locator('.alert-list a').first().click();
    await page.getByRole('button', { name: 'Silence…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Silence' });
    await dialog.getByRole('button', { name: 'Silence', exact: true }).click();
    // Without a reason the browser sends nothing.
    expect(await dialog.isVisible()).toBe(true);
    await dialog.getByLabel('For how long').selectOption('4');
    await dialog.getByLabel('Why').fill('New key is on its way');
    await dialog.getByRole('button', { name: 'Silence', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await text(page, '[role=status]')).toMatch(/^Silenced until \d{4}-\d\d-\d\d \d\d:\d\d UTC\.$/);
    const { silences } = await (await fetch(`${here.url()}/v1/silences`)).json();
    expect(silences).toMatchObject([
      {
        state: 'active',
        reason: 'New key is on its way',
        filters: { logGroup: 'doc-search.log', cause: 'expired_or_revoked_key' },
      },
    ]);
    await open('#/alerts');
    expect(await text(page, '.silences li')).toContain(
      'cause Virtual key expired or revoked, log group doc-search.log until',
    );
    await page.getByRole('button', { name: /^End the silence of/ }).click();
    await page.locator('.silences').waitFor({ state: 'detached' });
    expect(await text(page, '[role=status]')).toBe('The silence has ended.');
  });

  test('an alert that is gone and a range that is none say what to do', async () => {
    await open('#/alerts/000000000000');
    await page.getByText('There is no such alert').waitFor();
    await open('#/?from=yesterday');
    await page.getByText(/from must be an ISO time/).waitFor();
    await page.getByRole('link', { name: 'Reset range and filters' }).click();
    await page.locator('.tile.main').waitFor();
  });

  test('the theme is chosen, kept, and otherwise the system’s', async () => {
    await settled(page);
    const theme = () => page.evaluate(() => document.documentElement.dataset['theme']);
    expect(await theme()).toBe('light');
    await page.getByRole('button', { name: 'Dark theme' }).click();
    expect(await theme()).toBe('dark');
    await page.reload();
    await settled(page);
    expect(await theme()).toBe('dark');
  });
});
