/** Small marks that say one thing in a word; the colour repeats the word, it never stands alone. */
import type { Alert } from '../../../shared/alert/state.ts';
import type { Category, RetryVerdict } from '../../../shared/causes.ts';
import { CATEGORY_WORDS, RETRY_WORDS } from '../words.ts';

const STATE_SIGNS: Readonly<Record<Alert['state'], string>> = { firing: '●', pending: '◐', resolved: '✓' };

export const StateBadge = ({ state }: { readonly state: Alert['state'] }) => (
  <span class={`badge state-${state}`}>
    <span aria-hidden="true">{STATE_SIGNS[state]}</span> {state}
  </span>
);

export const CategoryBadge = ({ category }: { readonly category: Category }) => (
  <span class="badge plain">
    <span class={`swatch category-${category}`} aria-hidden="true" /> {CATEGORY_WORDS[category][0]}
  </span>
);

const RETRY_SIGNS: Readonly<Record<RetryVerdict, string>> = {
  never: '✕',
  backoff: '↻',
  'long-backoff': '↻',
  'after-reset': '◔',
  'if-idempotent': '?',
};
export const RetryBadge = ({ retry }: { readonly retry: RetryVerdict }) => (
  <span class={`badge retry-${retry === 'never' || retry === 'after-reset' ? 'no' : 'yes'}`}>
    <span aria-hidden="true">{RETRY_SIGNS[retry]}</span> {RETRY_WORDS[retry][0]}
  </span>
);
