/**
 * Colours of what is counted. Categories keep theirs everywhere; a cause is a shade of its category's. Chosen to differ in
 * lightness as well as hue, so that they part for colour-blind eyes, and to stand 3:1 against the page in both themes. Pure.
 */
import type { Category } from '../../shared/causes.ts';
import type { Dimension, Value } from '../../shared/summary.ts';

export type Theme = 'light' | 'dark';

export const CATEGORY_COLOURS: Readonly<Record<Theme, Readonly<Record<Category, string>>>> = {
  light: { throttle: '#c97a00', transient: '#a51e50', connection: '#0a8f80', request: '#3763c7' },
  dark: { throttle: '#f2a93b', transient: '#e0527e', connection: '#5fd9c4', request: '#7ba4ff' },
};
const OTHERS: Readonly<Record<Theme, readonly string[]>> = {
  light: ['#3763c7', '#c97a00', '#0a8f80', '#a51e50', '#7652c2', '#5d7a1f', '#0f7fb0', '#8a5a3c'],
  dark: ['#7ba4ff', '#f2a93b', '#5fd9c4', '#e0527e', '#b79bf5', '#a9c95a', '#5cc3ee', '#d3a483'],
};
export const REST: Readonly<Record<Theme, string>> = { light: '#7b8794', dark: '#8593a3' };
export const INK: Readonly<Record<Theme, { axis: string; grid: string; surface: string; rate: string }>> = {
  light: { axis: '#566273', grid: '#e4e8ed', surface: '#ffffff', rate: '#1d6b3f' },
  dark: { axis: '#9aa8b8', grid: '#28323e', surface: '#161d26', rate: '#7bd3a0' },
};

const hex = (colour: string): number[] => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
/** `share` of the other colour in it. */
export function mixed(colour: string, other: string, share: number): string {
  const [a, b] = [hex(colour), hex(other)];
  const parts = a.map((part, i) => Math.round(part * (1 - share) + (b[i] ?? 0) * share));
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

/** Towards white or black by turns, never so far that the hue is lost. */
const SHADES: readonly (readonly [towards: string, share: number])[] = [
  ['#000000', 0],
  ['#ffffff', 0.38],
  ['#000000', 0.3],
  ['#ffffff', 0.58],
  ['#000000', 0.5],
];

/** One colour per value, in the order given. `categoryOf` a cause where the catalogue knows it. */
export function coloursOf(
  dimension: Dimension,
  values: readonly Value[],
  theme: Theme,
  categoryOf: (cause: string) => Category | undefined,
): string[] {
  const used = new Map<Category, number>();
  return values.map((value, at) => {
    const ofCategory = Object.entries(CATEGORY_COLOURS[theme]).find(([id]) => id === value)?.[1];
    if (dimension === 'category') return ofCategory ?? REST[theme];
    const category = dimension === 'cause' ? categoryOf(String(value)) : undefined;
    if (dimension === 'cause') {
      if (category === undefined || value === 'unknown') return REST[theme];
      const nth = used.get(category) ?? 0;
      used.set(category, nth + 1);
      const [towards, share] = SHADES[nth % SHADES.length] ?? ['#000000', 0];
      return mixed(CATEGORY_COLOURS[theme][category], towards, share);
    }
    return value === null ? REST[theme] : (OTHERS[theme][at % OTHERS[theme].length] ?? REST[theme]);
  });
}
