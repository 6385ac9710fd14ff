/** What is kept of texts seen before, and when to look for it. Bounded: texts come from logs. */
import { memo } from '../memo.ts';

/** So many templates, and characters of them, are kept in each of two generations. */
const [MAX_TEMPLATES, MAX_CHARACTERS] = [4096, 4_194_304];

export interface Memory<Known> {
  get(template: string): Known | undefined;
  set(template: string, known: Known): void;
}

/** What was not asked for while a generation filled up is forgotten. */
export function memoryOf<Known>(): Memory<Known> {
  let [young, old] = [new Map<string, Known>(), new Map<string, Known>()];
  let characters = 0;
  const set = (template: string, known: Known): void => {
    if (!young.has(template)) characters += template.length;
    if (young.size >= MAX_TEMPLATES || characters > MAX_CHARACTERS) {
      [young, old] = [new Map(), young];
      characters = template.length;
    }
    young.set(template, known);
  };
  return {
    set,
    get(template) {
      const known = young.get(template);
      if (known !== undefined) return known;
      const before = old.get(template);
      if (before !== undefined) set(template, before);
      return before;
    },
  };
}

/**
 * Texts that hold a prompt never come again, and to look for their template costs a fifth of reading them. Of texts that begin
 * alike the first few are looked for on credit, and then, while the memory knows none, only one in so many.
 */
export interface Credit {
  left: number;
  passed: number;
}
const [MAX_CREDIT, EARNED, ONE_IN] = [256, 4, 16] as const;
/** Long enough to tell one logger and level from another, too short for a time or an id to be within. */
const BEGINNING = 12;
const MAX_CREDITS = 256;

/** The credit of texts that begin like this one. */
export function creditsOf(): (text: string) => Credit {
  const creditOf = memo<Credit>(MAX_CREDITS, () => ({ left: MAX_CREDIT, passed: 0 }));
  return (text) => creditOf(text.slice(0, BEGINNING));
}

export const isAsked = (credit: Credit): boolean => credit.left > 0 || ++credit.passed % ONE_IN === 0;

export function settle(credit: Credit, isKnown: boolean): void {
  credit.left = isKnown ? Math.min(credit.left + EARNED, MAX_CREDIT) : Math.max(credit.left - 1, 0);
}
