/** Other texts of the same template: what a reading copies from its values, and what it does not, shows when they change. */
import { isField, originOf, type Split, valuesOf } from './split.ts';

/**
 * Values that grow from first to last, that shrink, and that look like a status: so a reading that compares two of them, or
 * takes one for a status, shows as well.
 */
export const WAYS = ['up', 'down', 'status'] as const;
export type Way = (typeof WAYS)[number];

const MAX_ATTEMPTS = 20;

/** The text with other values in the same places, and the values. */
export function varied(text: string, found: Split, way: Way): { text: string; values: string[] } {
  const values: string[] = [];
  let other = '';
  let copied = 0;
  const all = valuesOf(text, found);
  const count = all.length;
  for (const [n, was] of all.entries()) {
    const from = found.slots[2 * n] as number;
    const origin = originOf(found, n);
    // What is said twice stays the same.
    const others = (attempt: number) => another(was, way, n + 37 * attempt, count, isField(found, n));
    let value = origin === null ? others(0) : (values[origin] as string);
    // What is not the same stays different, as far as its length allows.
    for (let attempt = 1; origin === null && attempt < MAX_ATTEMPTS && [was, ...values].includes(value); attempt++)
      value = others(attempt);
    values.push(value);
    other += text.slice(copied, from) + value;
    copied = from + was.length;
  }
  return { text: other + text.slice(copied), values };
}

const NUMBER = /^\d+(?:\.\d+)?$/;
const TIME = /^(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d/;

function another(was: string, way: Way, n: number, count: number, mayBeLonger: boolean): string {
  const place = way === 'down' ? count - n : n;
  if (NUMBER.test(was)) {
    if (way === 'status' && (mayBeLonger || /^\d{3}$/.test(was))) return String(400 + (n % 200));
    if (mayBeLonger) return String(way === 'down' ? 90_000 + place : 1000 + place);
  }
  const seed = Math.abs(place) + { up: 0, down: 500, status: 900 }[way];
  return TIME.test(was) ? likeTime(was, seed) : likeness(was, seed);
}

/** Of the same form and length, and another than that of any other seed. */
function likeness(value: string, seed: number): string {
  const isNumber = /^[\d.]+$/.test(value);
  let at = 0;
  return value.replace(/[A-Za-z0-9]/g, (sign) => {
    const digit = (seed * 7 + at * (seed + 3) + 1) % 10;
    // What begins a number is no zero, and grows with the seed.
    const first = 1 + (Math.floor(seed / 64) % 9 === 0 ? seed % 5 : 5 + (seed % 4));
    const chosen = isNumber && at === 0 ? first : digit;
    at++;
    if (/\d/.test(sign)) return String(chosen);
    const letters = isNumber ? '' : /[a-f]/i.test(sign) ? 'abcdef' : 'qzjxkv';
    const letter = letters[(seed + at * 5 + (seed >> 2)) % 6] as string;
    return sign === sign.toUpperCase() ? letter.toUpperCase() : letter;
  });
}

/** A day and a clock must stay one. */
function likeTime(value: string, seed: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const clock = `${two(1 + (seed % 22))}:${two((seed * 7) % 60)}:${two((seed * 11) % 60)}`;
  const at = value.search(/\d\d:\d\d:\d\d/);
  const rest = value.slice(at + 8);
  const day = value.slice(0, at).replace(/-\d\d(?=[T ])/, `-${two(1 + (seed % 27))}`);
  return day + clock + rest.replace(/\d/g, (_, n: number) => String((seed + n) % 10));
}
