/** Range and filters of the overview; whatever is chosen goes into the page's address. */
import { useState } from 'preact/hooks';
import type { Dimension } from '../../../shared/summary.ts';
import { isSummary } from '../answers.ts';
import { type Catalogue, useAnswer } from '../hooks.ts';
import { PRESETS } from '../range-choice.ts';
import { asked, filtered, hrefOf, type Route } from '../route.ts';
import { DIMENSION_WORDS, DIMENSIONS, moment, valueWords } from '../words.ts';

const go = (route: Route): void => {
  location.hash = hrefOf(route);
};

export function Toolbar({
  route,
  range,
  catalogue,
}: {
  readonly route: Route;
  readonly range: { readonly from: string | null; readonly to: string | null };
  readonly catalogue: Catalogue;
}) {
  return (
    <fieldset class="toolbar">
      <legend class="unseen">Range and filters</legend>
      <RangePicker route={route} range={range} />
      <FilterPicker route={route} range={range} catalogue={catalogue} />
      <Chips route={route} catalogue={catalogue} />
    </fieldset>
  );
}

type RangeProps = Pick<Parameters<typeof Toolbar>[0], 'route' | 'range'>;

function RangePicker({ route, range }: RangeProps) {
  const [isOpen, setOpen] = useState(false);
  const preset = route.to === null && (route.from === null || PRESETS.some(([from]) => from === route.from));
  const value = isOpen || !preset ? 'custom' : (route.from ?? '');
  const choose = (from: string) => {
    setOpen(from === 'custom');
    if (from !== 'custom') go({ ...route, from: from || null, to: null });
  };
  return (
    <>
      <label class="field">
        <span>Range</span>
        <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
          <option value="">latest, up to 24 hours</option>
          {PRESETS.map(([from, words]) => (
            <option value={from} key={from}>
              {words}
            </option>
          ))}
          <option value="custom">from … to …</option>
        </select>
      </label>
      {value === 'custom' && <CustomRange route={route} range={range} onDone={() => setOpen(false)} />}
    </>
  );
}

/** A field of the browser for dates knows no zone; what stands in it is UTC. */
const inField = (time: string | null): string =>
  time !== null && !Number.isNaN(Date.parse(time)) ? new Date(time).toISOString().slice(0, 16) : '';

function CustomRange({ route, range, onDone }: RangeProps & { readonly onDone: () => void }) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const data = new FormData(event.currentTarget);
    const time = (name: string) => (data.get(name) ? `${data.get(name)}Z` : null);
    onDone();
    go({ ...route, from: time('from'), to: time('to') });
  };
  return (
    <form class="custom-range" onSubmit={submit} key={`${range.from} ${range.to}`}>
      <label class="field">
        <span>From (UTC)</span>
        <input type="datetime-local" name="from" required value={inField(range.from)} />
      </label>
      <label class="field">
        <span>To (UTC)</span>
        <input type="datetime-local" name="to" value={inField(range.to)} />
      </label>
      <button type="submit" class="button">
        Show
      </button>
    </form>
  );
}

/** Values that fail in the range are offered; nothing else would find anything. */
function FilterPicker({ route, range, catalogue }: Parameters<typeof Toolbar>[0]) {
  const [by, setBy] = useState<Dimension | ''>('');
  const answer = useAnswer(by === '' ? null : `v1/summary${asked(route, range, { by, top: 100 })}`, isSummary);
  const rows = answer.data?.by[0] === by ? answer.data.rows : [];
  return (
    <>
      <label class="field">
        <span>Add filter</span>
        <select value={by} onChange={(event) => setBy(DIMENSIONS.find((d) => d === event.currentTarget.value) ?? '')}>
          <option value="">by …</option>
          {DIMENSIONS.map((dimension) => (
            <option value={dimension} key={dimension}>
              {DIMENSION_WORDS[dimension][0]}
            </option>
          ))}
        </select>
      </label>
      {by !== '' && (
        <label class="field">
          <span>Only {DIMENSION_WORDS[by][0]}</span>
          <select
            value="-1"
            onChange={(event) => {
              const row = rows[Number(event.currentTarget.value)];
              setBy('');
              if (row) go(filtered(route, by, String(row.key[by] ?? '')));
            }}
          >
            <option value="-1">
              {rows.length === 0 ? (answer.data ? 'nothing failed' : 'loading …') : 'choose …'}
            </option>
            {rows.map(({ key, failures }, index) => (
              <option value={index} key={String(key[by])}>
                {valueWords(by, key[by], catalogue.titles)} ({failures})
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}

function Chips({ route, catalogue }: { readonly route: Route; readonly catalogue: Catalogue }) {
  const chosen = DIMENSIONS.filter((dimension) => route.filters[dimension] !== undefined);
  if (chosen.length === 0) return null;
  return (
    <ul class="chips" aria-label="Filters">
      {chosen.map((dimension) => {
        const words = `${DIMENSION_WORDS[dimension][0]}: ${valueWords(dimension, route.filters[dimension], catalogue.titles)}`;
        return (
          <li key={dimension}>
            <a
              class="chip"
              href={hrefOf(filtered(route, dimension, undefined))}
              aria-label={`Take away the filter ${words}`}
            >
              <bdi>{words}</bdi> <span aria-hidden="true">✕</span>
            </a>
          </li>
        );
      })}
      {chosen.length > 1 && (
        <li>
          <a class="chip clear" href={hrefOf({ ...route, filters: {} })}>
            Clear all
          </a>
        </li>
      )}
    </ul>
  );
}

export const rangeWords = (from: string, to: string): string => `${moment(from)} – ${moment(to, Date.parse(from))} UTC`;
