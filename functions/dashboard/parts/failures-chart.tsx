/** Failed calls over time, stacked, with the alerts over them, the success rate below, and all of it as a table. */
import { useId, useMemo, useState } from 'preact/hooks';
import type { Dimension, Filters, Value } from '../../../shared/summary.ts';
import { isSeries, type Series, type ShownAlert } from '../answers.ts';
import { coloursOf, INK, REST } from '../colours.ts';
import { type Catalogue, useAnswer, useTheme } from '../hooks.ts';
import { barsOf } from '../lanes.ts';
import { stepMs } from '../range-choice.ts';
import { asked, hrefOf, type Route } from '../route.ts';
import { type Layer, layersOf, stacked, successRates } from '../stack.ts';
import { alertTitle, clock, count, DIMENSION_WORDS, day, moment, percent, scopeWords, valueWords } from '../words.ts';
import { Chart, GUTTER } from './chart.tsx';
import { Empty, stateOf } from './states.tsx';

const OF_FAILURES: readonly Dimension[] = ['cause', 'status', 'category'];
/** A filter on what only failures have leaves no successes, so there is no rate. */
export const hasRate = (filters: Filters): boolean =>
  OF_FAILURES.every((dimension) => filters[dimension] === undefined);

interface FailuresChartProps {
  readonly route: Route;
  readonly by: Dimension;
  readonly filters: Filters;
  readonly range: { readonly from: string | null; readonly to: string | null };
  readonly step: string;
  readonly alerts: readonly ShownAlert[];
  readonly catalogue: Catalogue;
  readonly onFilter: (dimension: Dimension, value: Value) => void;
  readonly onZoom: (fromMs: number, toMs: number) => void;
}

export function FailuresChart(props: FailuresChartProps) {
  const { by, filters, range, step, catalogue } = props;
  const answer = useAnswer(`v1/series${asked({ filters }, range, { by, step, top: 8 })}`, isSeries);
  const series = answer.data;
  const layers = useMemo(() => {
    const groupOf = (value: Value) => (by === 'cause' ? (catalogue.categoryOf(String(value)) ?? '') : '');
    return series === null ? [] : layersOf(series.points, by, groupOf);
  }, [series, by, catalogue]);
  if (series === null) return stateOf(answer, 'failures over time');
  const calls = series.points.reduce((sum, point) => sum + point.calls, 0);
  if (calls === 0) {
    return (
      <Empty title="No calls in this range">
        <p>
          Choose a longer range, or take a filter away. If calls should be here, the health page tells what was read.
        </p>
      </Empty>
    );
  }
  return <Drawn {...props} series={series} layers={layers} isOld={answer.isOld} />;
}

interface DrawnProps extends FailuresChartProps {
  readonly series: Series;
  readonly layers: readonly Layer[];
  readonly isOld: boolean;
}

function Drawn({ route, by, filters, series, layers, alerts, catalogue, onFilter, onZoom, isOld }: DrawnProps) {
  const { theme } = useTheme();
  const [hover, setHover] = useState<{ index: number; left: number } | null>(null);
  const [isTable, setTable] = useState(false);
  const tableId = useId();
  const values = layers.flatMap(({ value }) => (value === undefined ? [] : [value]));
  const ofValues = coloursOf(by, values, theme, catalogue.categoryOf);
  const colours = layers.map(({ value }, at) => (value === undefined ? REST[theme] : (ofValues[at] ?? REST[theme])));
  const names = layers.map(({ value }) =>
    value === undefined ? 'everything else' : valueWords(by, value, catalogue.titles),
  );
  const [fromMs, toMs] = [Date.parse(series.from), Date.parse(series.to)];
  const half = stepMs(series.step) / 2;
  const at = series.points.map((point) => (Date.parse(point.at) + half) / 1000);
  const heights = stacked(layers);
  const curves = layers.map((_, index) => ({ colour: colours[index] ?? REST[theme], values: heights[index] ?? [] }));
  const rates = successRates(series.points);
  const withRate = hasRate(filters);
  const total = layers.reduce((sum, { failures }) => sum + failures, 0);
  const spans = alerts.map(({ id, since, until, resolved }) => ({
    id,
    sinceMs: Date.parse(since),
    untilMs: resolved === null ? null : Date.parse(until ?? resolved),
  }));
  const shared = {
    at,
    fromMs,
    toMs,
    theme,
    onZoom,
    bands: spans.map((s) => ({ fromMs: s.sinceMs, toMs: s.untilMs ?? toMs })),
  };
  const onHover = (index: number | null, left: number) => setHover(index === null || left < 0 ? null : { index, left });
  const label = `Failed calls by ${DIMENSION_WORDS[by][0]} in steps of ${series.step}, ${moment(fromMs)} to ${moment(toMs, fromMs)} UTC: ${count(total)} in all${peakOf(series)}. The same figures are in the table.`;
  return (
    <div class={isOld ? 'drawn old' : 'drawn'}>
      <ul class="legend">
        {layers.map(({ value, failures }, index) => (
          <li key={names[index]}>
            {value === undefined ? (
              <span class="legend-item">
                <Swatch colour={colours[index]} /> {names[index]} <span class="figure">{count(failures)}</span>
              </span>
            ) : (
              <button
                type="button"
                class="legend-item"
                title={`Only ${names[index]}`}
                onClick={() => onFilter(by, value)}
              >
                <Swatch colour={colours[index]} /> <bdi>{names[index]}</bdi>{' '}
                <span class="figure">{count(failures)}</span>
              </button>
            )}
          </li>
        ))}
        {total === 0 && <li class="muted">No call failed in this range.</li>}
      </ul>
      <AlertLanes route={route} alerts={alerts} spans={spans} fromMs={fromMs} toMs={toMs} titles={catalogue.titles} />
      <div class="plots">
        <Chart {...shared} kind="bars" label={label} curves={curves} height={220} onHover={onHover} />
        {hover !== null && series.points[hover.index] && (
          <Tip
            left={hover.left}
            series={series}
            index={hover.index}
            layers={layers}
            names={names}
            colours={colours}
            rate={withRate ? (rates[hover.index] ?? null) : undefined}
          />
        )}
        {withRate && (
          <>
            <h3 class="plot-title">Success rate</h3>
            <Chart
              {...shared}
              kind="line"
              label={`Success rate over the same time, lowest ${percent(lowest(rates))}. The same figures are in the table.`}
              curves={[{ colour: INK[theme].rate, values: rates }]}
              height={104}
              onHover={onHover}
            />
          </>
        )}
      </div>
      <p class="chart-foot">
        <button
          type="button"
          class="button small"
          aria-expanded={isTable}
          aria-controls={tableId}
          onClick={() => setTable(!isTable)}
        >
          {isTable ? 'Hide table' : 'Show as table'}
        </button>
        <span class="muted">Steps of {series.step}, UTC. Drag over the chart to zoom in.</span>
      </p>
      <div id={tableId} hidden={!isTable}>
        {isTable && <PointsTable series={series} layers={layers} names={names} rates={withRate ? rates : null} />}
      </div>
    </div>
  );
}

const lowest = (rates: readonly (number | null)[]): number | null =>
  rates.reduce<number | null>((least, rate) => (rate === null ? least : Math.min(least ?? 1, rate)), null);

function peakOf({ points }: Series): string {
  const top = points.reduce<Series['points'][number] | null>(
    (most, p) => (p.failures > (most?.failures ?? 0) ? p : most),
    null,
  );
  return top === null ? '' : `, most at ${moment(top.at)} with ${count(top.failures)}`;
}

const Swatch = ({ colour }: { readonly colour: string | undefined }) => (
  <span class="swatch" style={{ background: colour ?? 'transparent' }} aria-hidden="true" />
);

interface LaneProps {
  readonly route: Route;
  readonly alerts: readonly ShownAlert[];
  readonly spans: Parameters<typeof barsOf>[0];
  readonly fromMs: number;
  readonly toMs: number;
  readonly titles: ReadonlyMap<string, string>;
}
const LANES = 4;
const LANE_PX = 22;

function AlertLanes({ route, alerts, spans, fromMs, toMs, titles }: LaneProps) {
  const bars = barsOf([...spans], fromMs, toMs);
  const drawn = bars.filter(({ lane }) => lane < LANES);
  if (bars.length === 0) return null;
  const lanes = Math.max(...drawn.map(({ lane }) => lane)) + 1;
  return (
    <div class="lanes" style={{ marginLeft: `${GUTTER.left}px`, marginRight: `${GUTTER.right}px` }}>
      <ul aria-label="Alerts in this range" style={{ height: `${lanes * LANE_PX}px` }}>
        {drawn.map(({ id, left, width, lane }) => {
          const alert = alerts.find((known) => known.id === id);
          if (alert === undefined) return null;
          const title = alertTitle(alert, titles);
          return (
            <li key={id} style={{ left: `${100 * left}%`, width: `${100 * width}%`, top: `${lane * LANE_PX}px` }}>
              <a
                class={`lane state-${alert.state}`}
                href={hrefOf({ ...route, view: 'alerts', id })}
                title={`${title}: ${scopeWords(alert.scope)} (${alert.state})`}
              >
                {title}
                <span class="unseen">
                  , {scopeWords(alert.scope)}, {alert.state}, since {moment(alert.since)} UTC
                </span>
              </a>
            </li>
          );
        })}
      </ul>
      {drawn.length < bars.length && <p class="muted">{bars.length - drawn.length} more in the list of alerts</p>}
    </div>
  );
}

interface TipProps {
  readonly left: number;
  readonly series: Series;
  readonly index: number;
  readonly layers: readonly Layer[];
  readonly names: readonly string[];
  readonly colours: readonly string[];
  /** Undefined where there is none to show. */
  readonly rate: number | null | undefined;
}
function Tip({ left, series, index, layers, names, colours, rate }: TipProps) {
  const point = series.points[index];
  if (point === undefined) return null;
  const endMs = Date.parse(point.at) + stepMs(series.step);
  return (
    <div
      class="tip"
      aria-hidden="true"
      style={{ left: `${GUTTER.left + left}px` }}
      data-side={left > 380 ? 'left' : 'right'}
    >
      <p class="tip-title">
        {day(point.at)} {clock(point.at)}–{clock(endMs)}
      </p>
      <dl>
        {layers.map(({ values }, layer) =>
          values[index] ? (
            <div key={names[layer]}>
              <dt>
                <Swatch colour={colours[layer]} /> {names[layer]}
              </dt>
              <dd>{count(values[index] ?? 0)}</dd>
            </div>
          ) : null,
        )}
        <div class="tip-total">
          <dt>Failed</dt>
          <dd>
            {count(point.failures)}
            {rate === undefined ? '' : ` of ${count(point.calls)}`}
          </dd>
        </div>
        {rate !== undefined && (
          <div>
            <dt>Success rate</dt>
            <dd>{percent(rate)}</dd>
          </div>
        )}
      </dl>
    </div>
  );
}

interface PointsTableProps {
  readonly series: Series;
  readonly layers: readonly Layer[];
  readonly names: readonly string[];
  readonly rates: readonly (number | null)[] | null;
}
/** Steps without a call say nothing, so they are left out and counted. */
function PointsTable({ series, layers, names, rates }: PointsTableProps) {
  const told = series.points.map((point, index) => ({ point, index })).filter(({ point }) => point.calls > 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section class="scroll" tabIndex={0} aria-label="Failed calls over time, as a table">
      <table class="figures">
        <caption>
          Failed calls per {series.step} (UTC); {count(series.points.length - told.length)} steps without a call are
          left out
        </caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            {names.map((name) => (
              <th scope="col" class="number" key={name}>
                {name}
              </th>
            ))}
            <th scope="col" class="number">
              Failed
            </th>
            {rates && (
              <th scope="col" class="number">
                Calls
              </th>
            )}
            {rates && (
              <th scope="col" class="number">
                Success rate
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {told.map(({ point, index }) => (
            <tr key={point.at}>
              <th scope="row">{moment(point.at)}</th>
              {layers.map(({ values }, layer) => (
                <td class="number" key={names[layer]}>
                  {values[index] ? count(values[index] ?? 0) : '·'}
                </td>
              ))}
              <td class="number">{count(point.failures)}</td>
              {rates && <td class="number">{count(point.calls)}</td>}
              {rates && <td class="number">{percent(rates[index] ?? null)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
