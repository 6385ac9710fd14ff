/** Failures whose cause the catalogue does not know: how many, and where they come from. */
import { Fragment } from 'preact';
import type { Unnamed } from '../../../shared/coverage.ts';
import { isHealth } from '../answers.ts';
import { type Catalogue, useAnswer } from '../hooks.ts';
import { stateOf } from '../parts/states.tsx';
import { Top } from '../parts/tops.tsx';
import { lengthOf, stepFor } from '../range-choice.ts';
import type { Route } from '../route.ts';
import { count, moment, percent, shown } from '../words.ts';

export function Unknown({ route, catalogue }: { readonly route: Route; readonly catalogue: Catalogue }) {
  const answer = useAnswer('v1/health', isHealth);
  if (answer.data === null) return stateOf(answer, 'coverage');
  const { classified, unknown, share, signatures = [], unreadable = 0, other = 0 } = answer.data.coverage;
  const ofUnknown = { ...route, filters: { ...route.filters, cause: 'unknown' } };
  const trendStep = stepFor(lengthOf(route.from, route.to, Date.now()) ?? 0, 32);
  return (
    <>
      <section class="card">
        <h2>Coverage</h2>
        <p class="big-figure">{share === null ? '–' : percent(share)}</p>
        <div class="meter" aria-hidden="true">
          <span style={{ width: `${100 * (share ?? 0)}%` }} />
        </div>
        <p>
          {share === null
            ? 'No failure has been counted yet.'
            : `${count(classified)} of ${count(classified + unknown)} failed calls have a cause of the catalogue; ${count(unknown)} have none.`}
        </p>
        {unreadable > 0 && (
          <p>{count(unreadable)} log events look like calls and cannot be read; they are not in the figures above.</p>
        )}
        <p class="muted">
          A cause is never guessed: what the logs do not tell stays unknown. Log the status and the body of failed
          responses, and most of these go away.
        </p>
      </section>
      {signatures.length > 0 && <Signatures signatures={signatures} other={other} />}
      {unknown > 0 && (
        <div class="tops-grid">
          {(['status', 'logGroup', 'model', 'provider'] as const).map((by) => (
            <Top key={by} route={ofUnknown} by={by} range={route} trendStep={trendStep} catalogue={catalogue} />
          ))}
        </div>
      )}
    </>
  );
}

interface SignaturesProps {
  readonly signatures: readonly Unnamed[];
  readonly other: number;
}
/** No text of a log is kept: a signature tells two unknown failures apart, and its rule waits for words from a person. */
function Signatures({ signatures, other }: SignaturesProps) {
  return (
    <section class="card">
      <h2>Signatures without a cause</h2>
      <p class="muted">
        A rule in gridwatch.json gives one a cause: complete its text with words of the line, and choose the cause.
      </p>
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">Shape</th>
            <th scope="col">Status</th>
            <th scope="col">Type or class</th>
            <th scope="col">Words</th>
            <th scope="col" class="number">
              Log events
            </th>
            <th scope="col">Seen</th>
          </tr>
        </thead>
        <tbody>
          {signatures.map(
            ({ signature, kind, shape, status, type, class: name, words, count: n, first, last, rule }) => (
              <Fragment key={signature}>
                <tr>
                  <th scope="row">
                    {shown(shape)}
                    {kind === 'unreadable' && <span class="badge plain">unreadable</span>}
                  </th>
                  <td>{status ?? 'none'}</td>
                  <td>
                    <code>{shown(type ?? name ?? '–')}</code>
                  </td>
                  <td>
                    <code>#{shown(words)}</code>
                  </td>
                  <td class="number">{count(n)}</td>
                  <td>
                    {moment(first)} – {moment(last, Date.parse(first))}
                  </td>
                </tr>
                {rule && (
                  <tr class="rule-row">
                    <td colSpan={6}>
                      <details>
                        <summary>Rule to complete</summary>
                        <pre>{JSON.stringify(rule, null, 2)}</pre>
                      </details>
                    </td>
                  </tr>
                )}
              </Fragment>
            ),
          )}
        </tbody>
      </table>
      {other > 0 && <p class="muted">{count(other)} log events of rarer signatures.</p>}
    </section>
  );
}
