/** The documented steps of a cause, with the verdict on retrying first, and what not to do. */
import type { Cause } from '../../../shared/causes.ts';
import { RETRY_WORDS } from '../words.ts';
import { RetryBadge } from './badges.tsx';

const OURS = /^Ours: /;
const isLink = (address: string): boolean => address.startsWith('https://');

export function Remediation({ cause }: { readonly cause: Cause }) {
  return (
    <div class="remediation">
      <p class="verdict">
        <RetryBadge retry={cause.retry} /> <span>{RETRY_WORDS[cause.retry][1]}</span>
      </p>
      {cause.doNot !== null && (
        <p class="do-not">
          <span aria-hidden="true">⚠</span> {cause.doNot}
        </p>
      )}
      <ol>
        {cause.remediation.map((step) => (
          <li key={step}>
            {step.replace(OURS, '')}
            {OURS.test(step) && cause.documented && <span class="badge plain">our advice</span>}
          </li>
        ))}
      </ol>
      <p class="muted">
        {cause.documented && isLink(cause.docUrl) ? (
          <>
            From{' '}
            <a href={cause.docUrl} rel="noreferrer" target="_blank">
              LLMGrid’s documentation<span class="unseen"> (opens in a new tab)</span>
            </a>
            , in our words.
          </>
        ) : (
          'Our advice: LLMGrid’s page does not cover this cause.'
        )}
      </p>
    </div>
  );
}
