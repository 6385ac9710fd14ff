/** Failed calls over time, stacked, with the alerts over them, the success rate below, and all of it as a table. */
import { useId, useMemo, useState } from 'preact/hooks';
import type { Dimension, Filters, Value } from '../../../shared/summary.ts';
import { isSeries, type Series, type ShownAlert } from '../answers.ts';
import { coloursOf, INK, REST, type Theme } from '../colours.ts';
import { type Catalogue, useAnswer, useTheme } from '../hooks.ts';
import { stepMs } from '../range-choice.ts';
import { asked, type Route } from '../route.ts';
import { type Layer, layersOf, stacked, successRates } from '../stack.ts';
import { count, DIMENSION_WORDS, moment, percent, valueWords } from '../words.ts';
import { AlertLanes } from './alert-lanes.tsx';
import { Chart } from './chart.tsx';
import { PointsTable, Swatch, Tip } from './points.tsx';
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
  const drawn = useMemo(
    () => pictureOf({ by, series, layers, alerts, catalogue, theme }),
    [by, series, layers, alerts, catalogue, theme],
  );
  const { names, colours, rates, curves, rateCurves, spans, fromMs, toMs } = drawn;
  const withRate = hasRate(filters);
  const total = layers.reduce((sum, { failures }) => sum + failures, 0);
  const { at, bands } = drawn;
  const shared = { at, fromMs, toMs, theme, onZoom, bands };
  const onHover = (index: number | null, left: number) =>
    setHover((before) =>
      index === null || left < 0 ? null : before?.index === index && before.left === left ? before : { index, left },
    );
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
              curves={rateCurves}
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

type PictureProps = Pick<DrawnProps, 'by' | 'series' | 'layers' | 'alerts' | 'catalogue'> & { readonly theme: Theme };

/** What is drawn, so that pointing at it draws nothing anew. */
function pictureOf({ by, series, layers, alerts, catalogue, theme }: PictureProps) {
  const values = layers.flatMap(({ value }) => (value === undefined ? [] : [value]));
  const ofValues = coloursOf(by, values, theme, catalogue.categoryOf);
  const colours = layers.map(({ value }, at) => (value === undefined ? REST[theme] : (ofValues[at] ?? REST[theme])));
  const [fromMs, toMs] = [Date.parse(series.from), Date.parse(series.to)];
  const half = stepMs(series.step) / 2;
  const heights = stacked(layers);
  const rates = successRates(series.points);
  const spans = alerts.map(({ id, since, until, resolved }) => ({
    id,
    sinceMs: Date.parse(since),
    untilMs: resolved === null ? null : Date.parse(until ?? resolved),
  }));
  return {
    ...{ colours, fromMs, toMs, rates, spans },
    names: layers.map(({ value }) =>
      value === undefined ? 'everything else' : valueWords(by, value, catalogue.titles),
    ),
    at: series.points.map((point) => (Date.parse(point.at) + half) / 1000),
    curves: layers.map((_, index) => ({ colour: colours[index] ?? REST[theme], values: heights[index] ?? [] })),
    rateCurves: [{ colour: INK[theme].rate, values: rates }],
    bands: spans.map(({ sinceMs, untilMs }) => ({ fromMs: sinceMs, toMs: untilMs ?? toMs })),
  };
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
