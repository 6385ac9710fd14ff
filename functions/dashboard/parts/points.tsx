/** The chart's figures: of the minute that is pointed at, and all of them as a table. */
import type { Series } from '../answers.ts';
import { stepMs } from '../range-choice.ts';
import type { Layer } from '../stack.ts';
import { clock, count, day, moment, percent } from '../words.ts';
import { GUTTER } from './chart.tsx';

export const Swatch = ({ colour }: { readonly colour: string | undefined }) => (
  <span class="swatch" style={{ background: colour ?? 'transparent' }} aria-hidden="true" />
);

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
export function Tip({ left, series, index, layers, names, colours, rate }: TipProps) {
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
export function PointsTable({ series, layers, names, rates }: PointsTableProps) {
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
