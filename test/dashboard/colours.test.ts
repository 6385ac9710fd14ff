import { CATEGORY_COLOURS, coloursOf, INK, REST, type Theme } from '../../functions/dashboard/colours.ts';

const THEMES: readonly Theme[] = ['light', 'dark'];
const channel = (part: number) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
/** WCAG 2: relative luminance. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => channel(Number.parseInt(colour.slice(at, at + 2), 16) / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a: string, b: string): number {
  const [bright = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (bright + 0.05) / (dark + 0.05);
}

describe.each(THEMES)('in the %s theme', (theme) => {
  const colours = Object.values(CATEGORY_COLOURS[theme]);
  test('every category stands out from the page', () => {
    for (const colour of [...colours, REST[theme], INK[theme].rate])
      expect(contrast(colour, INK[theme].surface)).toBeGreaterThanOrEqual(3);
  });
  test('every two categories differ in lightness as well as hue', () => {
    const sorted = colours.map(luminance).sort((a, b) => a - b);
    for (const [at, value] of sorted.entries())
      if (at > 0) expect((value + 0.05) / ((sorted[at - 1] ?? 0) + 0.05)).toBeGreaterThan(1.1);
  });
  test('the axis can be read', () => {
    expect(contrast(INK[theme].axis, INK[theme].surface)).toBeGreaterThanOrEqual(4.5);
  });
});

test('a category keeps its colour whatever stands beside it', () => {
  const categoryOf = () => undefined;
  const alone = coloursOf('category', ['transient'], 'light', categoryOf);
  expect(coloursOf('category', ['throttle', 'transient'], 'light', categoryOf)[1]).toBe(alone[0]);
});

test('causes are shades of their category, and what is unknown has no hue', () => {
  const categoryOf = (cause: string) => (cause.startsWith('r') ? ('throttle' as const) : undefined);
  const colours = coloursOf('cause', ['r1', 'r2', 'r3', 'unknown', 'new'], 'light', categoryOf);
  expect(colours[0]).toBe(CATEGORY_COLOURS.light.throttle);
  expect(new Set(colours.slice(0, 3)).size).toBe(3);
  expect(colours.slice(3)).toEqual([REST.light, REST.light]);
});
