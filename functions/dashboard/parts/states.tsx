/** What stands where figures would: loading, nothing there, or a problem; each says what to do. */
import type { ComponentChildren } from 'preact';
import type { Problem } from '../ask.ts';
import { refreshNow } from '../refresh.ts';

export const Loading = ({ what }: { readonly what: string }) => (
  <p class="state loading">
    <span class="spinner" aria-hidden="true" /> Loading {what}…
  </p>
);

export const Empty = ({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) => (
  <div class="state empty">
    <p class="state-title">{title}</p>
    {children}
  </div>
);

export const Trouble = ({ problem }: { readonly problem: Problem }) => (
  <div class="state trouble">
    <p class="state-title">{problem.title}</p>
    <p>{problem.detail}</p>
    <p class="actions">
      <button type="button" class="button" onClick={refreshNow}>
        Try again
      </button>
      {problem.kind === 'bad' && (
        <a class="button" href="#/">
          Reset range and filters
        </a>
      )}
    </p>
  </div>
);

interface AskedState {
  readonly data: unknown;
  readonly problem: Problem | null;
}

/** A problem is shown here only where there is nothing older to show; the header tells of a server that is gone. */
export function stateOf({ data, problem }: AskedState, what: string) {
  if (data !== null) return null;
  return problem === null ? <Loading what={what} /> : <Trouble problem={problem} />;
}
