/** uPlot in a box that follows its width and the theme. The canvas tells nothing to a screen reader: its table beside it does. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { INK, type Theme } from '../colours.ts';
import { brief } from '../words.ts';

export interface Curve {
  readonly colour: string;
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  /** Said instead of the picture. */
  readonly label: string;
  readonly kind: 'bars' | 'line';
  /** Middle of each step, seconds. */
  readonly at: readonly number[];
  /** Bars: as stacked, lowest first. */
  readonly curves: readonly Curve[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly height: number;
  readonly theme: Theme;
  readonly bands?: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** Where the pointer is, as an index into `at`, in this or the other chart. */
  readonly onHover?: (index: number | null, leftPx: number) => void;
  readonly onZoom?: (fromMs: number, toMs: number) => void;
}

/** Width of the axis on the left, and what is left free on the right; lanes over the chart keep to it. */
export const GUTTER = { left: 46, right: 20 };
const SYNC = uPlot.sync('gridwatch');
const LEAST_DRAG_PX = 6;
const FONT = '12px system-ui, sans-serif';

export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const { theme, kind, height, curves } = props;
  const plot = useRef<uPlot | null>(null);
  const colours = curves.map(({ colour }) => colour).join();

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const made = new uPlot(optionsOf(latest, element.clientWidth), dataOf(latest.current), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
    // Made anew only where uPlot cannot be told
  }, [theme, kind, height, colours]);

  const { at, fromMs, toMs, bands } = props;
  useEffect(() => {
    plot.current?.setData(dataOf(latest.current));
    // Not with each render: setData moves the cursor, which renders the tip, which would set the data again.
  }, [at, curves, fromMs, toMs, bands]);

  return <div class="plot" ref={box} role="img" aria-label={props.label} />;
}

/** uPlot draws in order, so the tallest bars come first and the lower ones over them. */
const dataOf = ({ at, curves, kind }: ChartProps): uPlot.AlignedData => [
  [...at],
  ...(kind === 'bars' ? [...curves].reverse() : curves).map(({ values }) => [...values]),
];

function optionsOf(latest: { readonly current: ChartProps }, width: number): uPlot.Options {
  const { kind, height, theme, curves } = latest.current;
  const ink = INK[theme];
  const axis = { stroke: ink.axis, font: FONT, grid: { stroke: ink.grid, width: 1 }, ticks: { show: false } };
  const isBars = kind === 'bars';
  const ordered = isBars ? [...curves].reverse() : curves;
  return {
    width,
    height,
    padding: [8, GUTTER.right, 0, 0],
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
    scales: {
      x: { range: () => [latest.current.fromMs / 1000, latest.current.toMs / 1000] },
      y: { range: isBars ? (_, __, most) => [0, Math.max(4, most * 1.05)] : [0, 1.02] },
    },
    axes: [
      { ...axis, size: 24, gap: 6, grid: { show: false }, values: timeLabels },
      {
        ...axis,
        size: GUTTER.left,
        gap: 6,
        space: isBars ? 34 : 28,
        values: (_, ticks) => ticks.map((n) => (isBars ? (n % 1 === 0 ? brief(n) : '') : `${Math.round(n * 100)} %`)),
      },
    ],
    series: [
      {},
      ...ordered.map(
        ({ colour }): uPlot.Series =>
          isBars
            ? {
                fill: colour,
                stroke: ink.surface,
                width: 0.5,
                points: { show: false },
                ...(uPlot.paths.bars && { paths: uPlot.paths.bars({ size: [0.86, 40], gap: 0 }) }),
              }
            : { stroke: colour, width: 2, points: { size: 4, fill: colour } },
      ),
    ],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false },
      sync: { key: SYNC.key, setSeries: false },
    },
    hooks: {
      drawClear: [(u) => drawBands(u, latest.current, theme)],
      setCursor: [(u) => latest.current.onHover?.(u.cursor.idx ?? null, u.cursor.left ?? 0)],
      setSelect: [
        (u) => {
          const { left, width: dragged } = u.select;
          if (dragged < LEAST_DRAG_PX) return;
          const [from, to] = [u.posToVal(left, 'x'), u.posToVal(left + dragged, 'x')];
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          latest.current.onZoom?.(from * 1000, to * 1000);
        },
      ],
    },
  };
}

function drawBands(u: uPlot, { bands = [] }: ChartProps, theme: Theme): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.fillStyle = theme === 'light' ? 'rgba(180, 35, 24, 0.07)' : 'rgba(255, 120, 110, 0.10)';
  for (const { fromMs, toMs } of bands) {
    const [left, right] = [fromMs, toMs].map((ms) => u.valToPos(ms / 1000, 'x', true));
    if (left === undefined || right === undefined) continue;
    const [start, end] = [Math.max(bbox.left, left), Math.min(bbox.left + bbox.width, right)];
    if (end > start) ctx.fillRect(start, bbox.top, end - start, bbox.height);
  }
  ctx.restore();
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** The time, or the day where one begins. */
const timeLabels = (_: uPlot, ticks: readonly number[]): string[] =>
  ticks.map((seconds) => {
    const date = new Date(seconds * 1000);
    const time = date.toISOString().slice(11, 16);
    return time === '00:00' ? `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}` : time;
  });
