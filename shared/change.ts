/** Documents that several evaluators, or people, may change at once. */
import type { Store } from './ports.ts';

/** Those who write at once are two or three; more tries than this, and something else is wrong. */
const TRIES = 5;

/**
 * Reads a document, decides and writes, again when somebody else was first. What `next` gives back as it was is not written.
 * Throws when others were first each time: `name` says what could not be changed, `advice` what becomes of it.
 */
export async function changeDocument<Known, Wanted extends Known | null>(
  store: Store,
  key: string,
  next: (known: Known | null) => Wanted,
  { name = `Document ${key}`, advice = 'it is tried again in a minute' } = {},
): Promise<Wanted> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const stored = await store.load(key);
    const known = stored && (stored.value as Known);
    const wanted = next(known);
    if (wanted === known || (await store.save(key, wanted, stored?.version ?? 0))) return wanted;
  }
  throw new Error(`${name} was changed by others each of ${TRIES} times; ${advice}.`);
}
