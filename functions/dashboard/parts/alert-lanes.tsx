/** Alerts drawn over the chart, as links, where they happened. */
import type { ShownAlert } from '../answers.ts';
import { barsOf } from '../lanes.ts';
import { hrefOf, type Route } from '../route.ts';
import { alertTitle, moment, scopeWords } from '../words.ts';
import { GUTTER } from './chart.tsx';

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

export function AlertLanes({ route, alerts, spans, fromMs, toMs, titles }: LaneProps) {
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
