import type { MetricName as Emitted } from '../../functions/aws/invocation.ts';
import { deployed, EVERYTHING, flat, of, one, resourcesOf } from './place.ts';

const template = of(deployed(EVERYTHING));
const { DashboardBody } = one(template, 'AWS::CloudWatch::Dashboard').Properties;
const body = JSON.parse(
  flat(DashboardBody).replaceAll(/<[^<>\s]+\.Arn>|<[\w.:]+>/g, (name) => name.replaceAll('"', '')),
);
const widgets: { type: string; x: number; y: number; width: number; height: number; properties: Widget }[] =
  body.widgets;
interface Widget {
  readonly title?: string;
  readonly markdown?: string;
  readonly alarms?: readonly string[];
  readonly stacked?: boolean;
  readonly metrics?: readonly unknown[][];
}
const widget = (title: string): Widget => {
  const found = widgets.find(({ properties }) => properties.title === title);
  if (found === undefined) throw new Error(`no widget is called ${title}`);
  return found.properties;
};
const metricsOf = ({ metrics = [] }: Widget) => metrics.map((metric) => metric.slice(0, 4));

test('failures are stacked by category, in the colours of the page', () => {
  const categories = widget('Failed calls by category');
  expect(categories.stacked).toBe(true);
  expect(metricsOf(categories)).toEqual(
    ['Throttle', 'Transient', 'Connection', 'Request'].map((name) => [
      ...['gridwatch', `Failures${name}`, 'service', expect.any(String)],
    ]),
  );
});

test('causes are searched for, of this deployment only', () => {
  const [[search]] = widget('Failed calls by cause').metrics as [[{ expression: string }]];
  expect(search.expression).toMatch(
    /^SEARCH\('\{gridwatch,cause,service\} MetricName="FailuresByCause" service="Gridwatch[\w-]*"', 'Sum', 60\)$/,
  );
});

test('every metric of ours on it is one that a function emits', () => {
  const emitted: readonly Emitted[] = [
    ...(['FailuresThrottle', 'FailuresTransient', 'FailuresConnection', 'FailuresRequest'] as const),
    ...(['AlertsOpen', 'MessagesSent', 'Received', 'Counted', 'Unreadable'] as const),
    ...(['EvaluationLagSeconds', 'NewestEventAgeSeconds', 'LawBroken', 'Quarantined'] as const),
  ];
  const shown = widgets
    .flatMap(({ properties }) => metricsOf(properties))
    .filter(([namespace]) => namespace === 'gridwatch')
    .map(([, name]) => name);
  expect(shown.sort()).toEqual([...emitted].sort());
});

test('it shows every alarm, also those of a channel', () => {
  const kinds = ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'];
  const placed = kinds.flatMap((type) => resourcesOf(template, type).map(([id]) => id));
  const shown = widget('Alarms about gridwatch').alarms ?? [];
  expect(placed.filter((id) => id.includes('Slack')).length).toBeGreaterThan(0);
  expect(shown.map((arn) => arn.replace(/^<|\.Arn>$/g, '')).sort()).toEqual(placed.sort());
});

test('errors of every function are on it', () => {
  const names = metricsOf(widget('Nothing of this should be above 0')).map(([, name]) => name);
  expect(names.filter((name) => name === 'Errors')).toHaveLength(4);
  expect(names).toContain('ApproximateNumberOfMessagesVisible');
});

test('it names the way to the page with tenants, models and remediation', () => {
  const [first] = widgets;
  expect(first?.properties.markdown).toContain('gridwatch dashboard --url');
});

test('no widget lies over another', () => {
  for (const a of widgets)
    for (const b of widgets)
      if (a !== b)
        expect(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(
          true,
        );
  expect(Math.max(...widgets.map(({ x, width }) => x + width))).toBeLessThanOrEqual(24);
});
