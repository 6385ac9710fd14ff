import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { DESKTOP, inBrowser, openBrowser, PHONE, picture, type Stage, settled, stage, text, visit } from './stage.ts';

jest.setTimeout(60_000);

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const VIEWS: readonly (readonly [name: string, hash: string])[] = [
  ['overview', '#/'],
  ['by-cause', '#/?by=cause'],
  ['filtered', '#/?cause=budget_exceeded&by=model'],
  ['alerts', '#/alerts'],
  ['alert', '#/alerts/'],
  ['causes', '#/causes'],
  ['cause', '#/causes/provider_overloaded'],
  ['unknown', '#/unknown'],
  ['health', '#/health'],
  ['nothing', '#/?from=-1h'],
  ['problem', '#/?from=yesterday'],
];
const LOOKS = [
  ['desktop-light', { ...DESKTOP, colorScheme: 'light' }],
  ['desktop-dark', { ...DESKTOP, colorScheme: 'dark' }],
  ['phone-light', { ...PHONE, colorScheme: 'light' }],
  ['phone-dark', { ...PHONE, colorScheme: 'dark' }],
] as const;

/** What axe-core objects to, with the element. */
async function objections(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found: unknown = await page.evaluate(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ' ' + target.join(' '))))`,
  );
  return Array.isArray(found) ? found.map(String) : ['axe did not answer'];
}

inBrowser('everybody', () => {
  let browser: Browser;
  let here: Stage;
  let alertId: string;

  beforeAll(async () => {
    [browser, here] = await Promise.all([openBrowser(), stage(true)]);
    const { alerts } = await (await fetch(`${here.url()}/v1/alerts`)).json();
    alertId = alerts.at(-1).id;
  });
  afterAll(async () => {
    await browser?.close();
    await here?.stop();
  });
  const hrefOf = (hash: string) => `${here.url()}/${hash}${hash === '#/alerts/' ? alertId : ''}`;

  test.each(LOOKS)(
    'axe objects to nothing on any view, %s, and nothing is wider than the screen',
    async (look, options) => {
      const { page, faults, close } = await visit(browser, here.url(), options);
      const found: string[] = [];
      for (const [name, hash] of VIEWS) {
        await page.goto(hrefOf(hash));
        await settled(page);
        if (name === 'by-cause') await page.getByRole('button', { name: 'Show as table' }).click();
        await picture(page, `${look}-${name}`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        if (overflow > 0) found.push(`${name}: ${overflow} px wider than the screen`);
        found.push(...(await faults()).map((fault) => `${name}: ${fault}`));
        found.push(...(await objections(page)).map((objection) => `${name}: ${objection}`));
        // axe-core itself turns text into markup, which the policy refuses it.
        await faults();
      }
      expect(found).toEqual([]);
      await close();
    },
  );

  test('the silence dialog can be used without a mouse, and axe objects to nothing in it', async () => {
    const { page, close } = await visit(browser, hrefOf('#/alerts/'), LOOKS[1][1]);
    await settled(page);
    const opener = page.getByRole('button', { name: 'Silence…' });
    await opener.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Silence' }).waitFor();
    await picture(page, 'desktop-dark-silence');
    expect(await objections(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await opener.evaluate((button) => button === document.activeElement)).toBe(true);
    await close();
  });

  test('the keyboard alone leads from the first key to what to do', async () => {
    const { page, faults, close } = await visit(browser, here.url());
    await settled(page);
    const focused = () =>
      page.evaluate(() => {
        const element = document.activeElement;
        if (element === null) return { name: '', outline: '' };
        const name = element.getAttribute('aria-label') ?? element.closest('label')?.textContent ?? element.textContent;
        return { name: name?.replace(/\s+/g, ' ').trim() ?? '', outline: getComputedStyle(element).outlineStyle };
      });
    await page.keyboard.press('Tab');
    expect(await focused()).toMatchObject({ name: 'Skip to the figures', outline: 'solid' });
    await page.keyboard.press('Enter');
    expect((await focused()).name).toBe('Overview');
    const reached: string[] = [];
    for (let tabs = 0; tabs < 60; tabs++) {
      await page.keyboard.press('Tab');
      const { name, outline } = await focused();
      reached.push(name);
      expect([name, outline]).toEqual([name, expect.stringMatching(/solid|auto/)]);
      if (name.startsWith('What to do: Budget used up')) break;
    }
    expect(reached.slice(0, 3).map((name) => name.slice(0, 5))).toEqual(['Range', 'Add f', 'Virtu']);
    expect(reached).toEqual(expect.arrayContaining(['Throttled 319', 'Show as table', 'What to do: Budget used up']));
    expect(reached.filter((name) => name.includes('key support-prod, resolved'))).toHaveLength(1);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Budget used up' }).waitFor();
    expect((await focused()).name).toBe('Budget used up');
    expect(await text(page, '.verdict')).toContain('Retry after the reset');
    expect(await page.title()).toBe('Budget used up · gridwatch');
    expect(await faults()).toEqual([]);
    await close();
  });
});
