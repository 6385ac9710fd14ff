/** The first look: is something failing, what, since when, whom does it hit. */
import type { Dimension, Summary } from '../../../shared/summary.ts';
import { isAlerts, isSeries, isSummary, type ShownAlert } from '../answers.ts';
import type { Problem } from '../ask.ts';
import { type Catalogue, useAnswer } from '../hooks.ts';
import { concerns } from '../lanes.ts';
import { AlertRow } from '../parts/alert-row.tsx';
import { RetryBadge } from '../parts/badges.tsx';
import { FailuresChart, hasRate } from '../parts/failures-chart.tsx';
import { Empty, stateOf, Trouble } from '../parts/states.tsx';
import { rangeWords, Toolbar } from '../parts/toolbar.tsx';
import { Top } from '../parts/tops.tsx';
import { lengthOf, narrowed, stepFor } from '../range-choice.ts';
import { asked, filtered, hrefOf, type Route } from '../route.ts';
import { brief, count, DIMENSION_WORDS, lasted, moment, percent } from '../words.ts';

const STACKS: readonly Dimension[] = ['category', 'cause', 'provider', 'model', 'tenant', 'project', 'key', 'logGroup'];
const TOPS: readonly Dimension[] = ['cause', 'model', 'provider', 'tenant', 'project', 'key', 'logGroup'];
const POINTS = 120;
const TREND_POINTS = 32;

export function Overview({ route, catalogue }: { readonly route: Route; readonly catalogue: Catalogue }) {
  const chosen = useRange(route);
  const summary = useAnswer(
    chosen.range === null ? null : `v1/summary${asked(route, chosen.range, { by: 'category' })}`,
    isSummary,
  );
  const alerts = useAnswer('v1/alerts', isAlerts).data?.alerts ?? [];
  if (chosen.range === null) return stateOf({ data: null, problem: chosen.problem }, 'figures');
  const { range } = chosen;
  const lengthMs = lengthOf(range.from, range.to, Date.now());
  const go = (next: Route) => {
    location.hash = hrefOf(next);
  };
  return (
    <>
      <Toolbar route={route} range={range} catalogue={catalogue} />
      {summary.problem !== null && summary.problem.kind !== 'gone' ? (
        <Trouble problem={summary.problem} />
      ) : summary.data === null ? (
        stateOf(summary, 'figures')
      ) : summary.data.freshness === null && Object.keys(route.filters).length === 0 && route.from === null ? (
        <NothingYet />
      ) : (
        <>
          <Tiles summary={summary.data} withRate={hasRate(route.filters)} isOld={summary.isOld} />
          <OpenAlerts alerts={alerts} route={route} catalogue={catalogue} />
          <ChosenCause route={route} catalogue={catalogue} />
          <section class="card">
            <div class="card-head">
              <h2>Failed calls over time</h2>
              <label class="field inline">
                <span>Stacked by</span>
                <select
                  value={route.by}
                  onChange={(event) =>
                    go({ ...route, by: STACKS.find((d) => d === event.currentTarget.value) ?? 'category' })
                  }
                >
                  {STACKS.map((dimension) => (
                    <option value={dimension} key={dimension}>
                      {DIMENSION_WORDS[dimension][0]}
                    </option>
                  ))}
                </select>
              </label>
            </div>
            <FailuresChart
              route={route}
              by={route.by}
              filters={route.filters}
              range={range}
              step={stepFor(lengthMs ?? 0, POINTS)}
              alerts={alerts.filter((alert) => concerns(alert, route.filters))}
              catalogue={catalogue}
              onFilter={(dimension, value) => go(filtered(route, dimension, String(value ?? '')))}
              onZoom={(fromMs, toMs) => go({ ...route, ...zoomed(fromMs, toMs) })}
            />
          </section>
          <div class="tops-grid with-lead">
            {TOPS.map((by) => (
              <Top
                key={by}
                route={route}
                by={by}
                range={range}
                trendStep={stepFor(lengthMs ?? 0, TREND_POINTS)}
                catalogue={catalogue}
              />
            ))}
          </div>
        </>
      )}
    </>
  );
}

/** Whole minutes, at least five of them. */
function zoomed(fromMs: number, toMs: number): { from: string; to: string } {
  const minute = 60_000;
  const from = Math.floor(fromMs / minute) * minute;
  const to = Math.max(Math.ceil(toMs / minute) * minute, from + 5 * minute);
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

interface Chosen {
  readonly range: { readonly from: string | null; readonly to: string | null } | null;
  readonly problem: Problem | null;
}
/** Where no range is chosen, the query API chooses it, and what is empty before the first call is cut off. */
function useRange({ from, to }: Route): Chosen {
  const isChosen = from !== null || to !== null;
  const found = useAnswer(isChosen ? null : 'v1/series', isSeries);
  if (isChosen) return { range: { from, to }, problem: null };
  if (found.data === null) return { range: null, problem: found.problem };
  return { range: { from: narrowed(found.data.points, found.data.to), to: found.data.to }, problem: null };
}

const NothingYet = () => (
  <Empty title="No log event has been read yet">
    <p>
      Locally: <code>gridwatch start app.log</code>, or <code>tail -f app.log | gridwatch start -</code>. On AWS: check
      that the log groups are subscribed (<code>gridwatch doctor</code>); figures come about three minutes after the
      calls.
    </p>
  </Empty>
);

function Tiles({
  summary,
  withRate,
  isOld,
}: {
  readonly summary: Summary;
  readonly withRate: boolean;
  readonly isOld: boolean;
}) {
  const { totals, from, to, freshness } = summary;
  const { calls, failures, recovered, attempts } = totals;
  const oldMs = freshness === null ? null : Date.now() - Date.parse(freshness);
  return (
    <dl class={isOld ? 'tiles old' : 'tiles'}>
      <div class="tile main">
        <dt>Failed calls</dt>
        <dd>
          <span class="tile-figure">{brief(failures)}</span>
          <span class="tile-note">{withRate ? `of ${count(calls)} calls` : 'with this filter'}</span>
        </dd>
      </div>
      <div class="tile">
        <dt>Success rate</dt>
        <dd>
          <span class="tile-figure">{withRate && calls > 0 ? percent(1 - failures / calls) : '–'}</span>
          <span class="tile-note">
            {withRate
              ? `${percent(calls === 0 ? null : failures / calls)} failed`
              : 'successes have no cause or status'}
          </span>
        </dd>
      </div>
      <div class="tile">
        <dt>Recovered</dt>
        <dd>
          <span class="tile-figure">{brief(recovered)}</span>
          <span class="tile-note">succeeded after a retry</span>
        </dd>
      </div>
      <div class="tile">
        <dt>Attempts per call</dt>
        <dd>
          <span class="tile-figure">{calls === 0 ? '–' : (attempts / calls).toFixed(2)}</span>
          <span class="tile-note">{count(attempts)} attempts</span>
        </dd>
      </div>
      <div class="tile">
        <dt>Range</dt>
        <dd>
          <span class="tile-range">{rangeWords(from, to)}</span>
          <span class="tile-note">
            {freshness === null || oldMs === null
              ? 'no data'
              : `newest data ${moment(freshness, Date.parse(to))}, ${lasted(oldMs)} ago`}
          </span>
        </dd>
      </div>
    </dl>
  );
}

function OpenAlerts({
  alerts,
  route,
  catalogue,
}: {
  readonly alerts: readonly ShownAlert[];
  readonly route: Route;
  readonly catalogue: Catalogue;
}) {
  const open = alerts.filter(({ state }) => state === 'firing');
  if (open.length === 0) return null;
  return (
    <section class="open-alerts">
      <h2>{open.length === 1 ? '1 alert is firing' : `${open.length} alerts are firing`}</h2>
      <ul class="alert-list">
        {open.slice(0, 5).map((alert) => (
          <AlertRow key={alert.id} alert={alert} route={route} titles={catalogue.titles} />
        ))}
      </ul>
      {open.length > 5 && (
        <a href={hrefOf({ ...route, view: 'alerts', id: null, state: 'firing' })}>All {open.length}</a>
      )}
    </section>
  );
}

/** With one cause chosen, its first step stands here; the rest is one click away. */
function ChosenCause({ route, catalogue }: { readonly route: Route; readonly catalogue: Catalogue }) {
  const cause = catalogue.causes.find(({ id }) => id === route.filters.cause);
  if (cause === undefined) return null;
  return (
    <section class="card chosen-cause">
      <h2>{cause.title}</h2>
      <p>{cause.meaning}</p>
      <p>
        <RetryBadge retry={cause.retry} /> {cause.remediation[0]?.replace(/^Ours: /, '')}{' '}
        <a href={hrefOf({ ...route, view: 'causes', id: cause.id })}>All steps</a>
      </p>
    </section>
  );
}
