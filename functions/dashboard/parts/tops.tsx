/** What fails most, by one dimension: share, failure rate where it can be told, and the trend in small. */
import type { Dimension, Summary } from '../../../shared/summary.ts';
import { isSummary } from '../answers.ts';
import { type Catalogue, useAnswer } from '../hooks.ts';
import { asked, filtered, hrefOf, type Route } from '../route.ts';
import { sparkline, TREND_WORDS, trendOf } from '../trend.ts';
import { count, DIMENSION_WORDS, percent, valueWords } from '../words.ts';
import { Empty, stateOf } from './states.tsx';

const ROWS = 6;
const SPARK = { width: 72, height: 20 };

interface TopProps {
  readonly route: Route;
  readonly by: Dimension;
  readonly range: { readonly from: string | null; readonly to: string | null };
  readonly trendStep: string;
  readonly catalogue: Catalogue;
}

export function Top({ route, by, range, trendStep, catalogue }: TopProps) {
  const summary = useAnswer(`v1/summary${asked(route, range, { by, top: ROWS, step: trendStep })}`, isSummary);
  return (
    <section class={summary.isOld ? 'card top old' : 'card top'}>
      <h2>{DIMENSION_WORDS[by][1]}</h2>
      {summary.data === null ? (
        stateOf(summary, DIMENSION_WORDS[by][1].toLowerCase())
      ) : summary.data.rows.length === 0 ? (
        <Empty title="No call failed here." />
      ) : (
        <Rows route={route} by={by} summary={summary.data} catalogue={catalogue} />
      )}
    </section>
  );
}

interface RowsProps extends Pick<TopProps, 'route' | 'by' | 'catalogue'> {
  readonly summary: Summary;
}
function Rows({ route, by, summary, catalogue }: RowsProps) {
  const withRate = summary.rows.some(({ calls }) => calls !== undefined);
  const most = summary.rows[0]?.share ?? 1;
  return (
    <table class="tops">
      <thead>
        <tr>
          <th scope="col">{DIMENSION_WORDS[by][0]}</th>
          <th scope="col" class="number">
            Failed
          </th>
          <th scope="col" class="number">
            Share
          </th>
          {withRate && (
            <th scope="col" class="number" title="Failed calls of all its calls">
              Rate
            </th>
          )}
          <th scope="col" class="trend">
            Trend
          </th>
        </tr>
      </thead>
      <tbody>
        {summary.rows.map(({ key, failures, share, calls, trend }) => {
          const value = key[by] ?? null;
          const name = valueWords(by, value, catalogue.titles);
          const isChosen = route.filters[by] === String(value ?? '');
          return (
            <tr key={String(value)}>
              <th scope="row">
                <a
                  class={value === null ? 'name unsaid' : 'name'}
                  href={hrefOf({
                    ...filtered(route, by, isChosen ? undefined : String(value ?? '')),
                    view: 'overview',
                    id: null,
                  })}
                  title={isChosen ? 'Take this filter away' : `Only ${name}`}
                  aria-current={isChosen ? 'true' : undefined}
                >
                  <bdi>{name}</bdi>
                </a>
                <span class="share-bar" style={{ width: `${(100 * share) / most}%` }} aria-hidden="true" />
                {by === 'cause' && typeof value === 'string' && (
                  <a
                    class="aside"
                    href={hrefOf({ ...route, view: 'causes', id: value })}
                    aria-label={`What to do: ${name}`}
                  >
                    what to do
                  </a>
                )}
              </th>
              <td class="number">{count(failures)}</td>
              <td class="number">{percent(share)}</td>
              {withRate && <td class="number">{calls ? percent(failures / calls) : '–'}</td>}
              <td class="trend">{trend && <Trend values={trend} />}</td>
            </tr>
          );
        })}
        {summary.other > 0 && (
          <tr class="muted">
            <th scope="row">everything else</th>
            <td class="number">{count(summary.other)}</td>
            <td class="number">{percent(summary.other / summary.totals.failures)}</td>
            {withRate && <td />}
            <td />
          </tr>
        )}
      </tbody>
    </table>
  );
}

function Trend({ values }: { readonly values: readonly number[] }) {
  const [sign, words] = TREND_WORDS[trendOf(values)];
  return (
    <span class="spark" title={words}>
      <svg width={SPARK.width} height={SPARK.height} viewBox={`0 0 ${SPARK.width} ${SPARK.height}`} aria-hidden="true">
        <polyline points={sparkline(values, SPARK.width, SPARK.height)} />
      </svg>
      <span aria-hidden="true">{sign}</span>
      <span class="unseen">{words}</span>
    </span>
  );
}
