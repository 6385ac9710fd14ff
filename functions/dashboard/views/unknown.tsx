/** Failures whose cause the catalogue does not know: how many, and where they come from. */
import { isHealth } from '../answers.ts';
import { type Catalogue, useAnswer } from '../hooks.ts';
import { stateOf } from '../parts/states.tsx';
import { Top } from '../parts/tops.tsx';
import { lengthOf, stepFor } from '../range-choice.ts';
import type { Route } from '../route.ts';
import { shapesOf } from '../shapes.ts';
import { count, moment, percent, shown } from '../words.ts';

export function Unknown({ route, catalogue }: { readonly route: Route; readonly catalogue: Catalogue }) {
  const answer = useAnswer('v1/health', isHealth);
  if (answer.data === null) return stateOf(answer, 'coverage');
  const { classified, unknown, share } = answer.data.coverage;
  const shapes = shapesOf(answer.data.coverage);
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
        <p class="muted">
          A cause is never guessed: what the logs do not tell stays unknown. Log the status and the body of failed
          responses, and most of these go away.
        </p>
      </section>
      {shapes.length > 0 && (
        <section class="card">
          <h2>Signatures without a cause</h2>
          <table class="figures">
            <thead>
              <tr>
                <th scope="col">Signature</th>
                <th scope="col" class="number">
                  Failed
                </th>
                <th scope="col">First seen</th>
                <th scope="col">Last seen</th>
              </tr>
            </thead>
            <tbody>
              {shapes.map(({ id, name, failures, first, last }) => (
                <tr key={id}>
                  <th scope="row">
                    <code>
                      <bdi>{shown(name)}</bdi>
                    </code>
                  </th>
                  <td class="number">{count(failures)}</td>
                  <td>{first === null ? '–' : moment(first)}</td>
                  <td>{last === null ? '–' : moment(last)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
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
