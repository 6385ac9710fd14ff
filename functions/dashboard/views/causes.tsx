/** The catalogue: every cause with its meaning and remediation, and how often it was seen lately. */
import { useState } from 'preact/hooks';
import type { Category, Cause } from '../../../shared/causes.ts';
import { isAlerts, isSummary } from '../answers.ts';
import { type Catalogue, useAnswer } from '../hooks.ts';
import { AlertRow } from '../parts/alert-row.tsx';
import { CategoryBadge, RetryBadge } from '../parts/badges.tsx';
import { Remediation } from '../parts/remediation.tsx';
import { Empty, Loading } from '../parts/states.tsx';
import { asked, hrefOf, type Route, START } from '../route.ts';
import { CATEGORY_WORDS, count, moment, ORIGIN_WORDS, shown } from '../words.ts';

interface CausesProps {
  readonly route: Route;
  readonly catalogue: Catalogue;
}
const CATEGORIES: readonly Category[] = ['throttle', 'transient', 'connection', 'request'];

/** The documented one first. */
const statusWords = ({ statuses }: Cause): string =>
  statuses.length === 0 ? 'no status' : `${statuses.slice(0, 3).join(', ')}${statuses.length > 3 ? ' …' : ''}`;

const fits = ({ id, title, meaning, statuses }: Cause, text: string): boolean =>
  `${id} ${title} ${meaning} ${statuses.join(' ')}`.toLowerCase().includes(text.trim().toLowerCase());

export function Causes({ route, catalogue }: CausesProps) {
  const [text, setText] = useState('');
  const seen = useAnswer(`v1/summary${asked({ filters: {} }, route, { by: 'cause' })}`, isSummary).data;
  const failures = new Map(seen?.rows.map(({ key, failures }) => [key.cause, failures]));
  if (catalogue.causes.length === 0) return <Loading what="the catalogue" />;
  const found = catalogue.causes.filter((cause) => fits(cause, text));
  return (
    <>
      <div class="toolbar">
        <label class="field">
          <span>Find a cause</span>
          <input
            type="search"
            value={text}
            placeholder="429, budget, time-out …"
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        {seen && (
          <p class="muted">
            Figures are of {moment(seen.from)} – {moment(seen.to, Date.parse(seen.from))} UTC.
          </p>
        )}
      </div>
      {found.length === 0 && (
        <Empty title="No cause fits">
          <p>Try a status such as 503, or a word of the message.</p>
        </Empty>
      )}
      {CATEGORIES.map((category) => {
        const ofCategory = found.filter((cause) => cause.category === category && cause.id !== 'unknown');
        return ofCategory.length === 0 ? null : (
          <section class="card" key={category}>
            <h2>
              <span class={`swatch category-${category}`} aria-hidden="true" /> {CATEGORY_WORDS[category][0]}{' '}
              <span class="muted">{CATEGORY_WORDS[category][1]}</span>
            </h2>
            <ul class="cause-list">
              {ofCategory.map((cause) => (
                <li key={cause.id}>
                  <a class="name" href={hrefOf({ ...route, view: 'causes', id: cause.id })}>
                    {cause.title}
                  </a>
                  <code title={cause.statuses.join(', ')}>{statusWords(cause)}</code>
                  <RetryBadge retry={cause.retry} />
                  <span class="seen">
                    {failures.get(cause.id) ? `${count(failures.get(cause.id) ?? 0)} failed` : ''}
                  </span>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
      <p class="muted">
        What fits none of these is <a href={hrefOf({ ...route, view: 'unknown' })}>unknown</a>: counted, shown, never
        guessed.
      </p>
    </>
  );
}

export function CauseView({ id, route, catalogue }: CausesProps & { readonly id: string }) {
  const alerts = useAnswer('v1/alerts', isAlerts).data?.alerts ?? [];
  if (catalogue.causes.length === 0) return <Loading what="the catalogue" />;
  const cause = catalogue.causes.find((known) => known.id === id);
  if (cause === undefined)
    return (
      <Empty title={`The catalogue has no cause “${shown(id)}”`}>
        <p>
          <a class="button" href={hrefOf({ ...START, view: 'causes' })}>
            All causes
          </a>
        </p>
      </Empty>
    );
  const ofCause = alerts.filter(({ causes }) => causes[0]?.cause === id);
  return (
    <div class="columns">
      <section class="card">
        <p class="alert-line">
          <CategoryBadge category={cause.category} /> <code>{cause.id}</code>{' '}
          <code>{cause.statuses.join(', ') || 'no status'}</code>
        </p>
        <p class="lead">{cause.meaning}</p>
        <h2>What to do</h2>
        <Remediation cause={cause} />
      </section>
      <div>
        <section class="card">
          <h2>Common causes</h2>
          <ul class="plain-list">
            {cause.commonCauses.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
          <p class="muted">Refused or broken by {ORIGIN_WORDS[cause.origin]}.</p>
          <p>
            <a class="button" href={hrefOf({ ...route, view: 'overview', id: null, filters: { cause: id } })}>
              Calls that failed so
            </a>
          </p>
        </section>
        <section class="card">
          <h2>Alerts of this cause</h2>
          {ofCause.length === 0 ? (
            <p class="muted">There is none.</p>
          ) : (
            <ul class="alert-list compact">
              {ofCause.slice(0, 10).map((alert) => (
                <AlertRow key={alert.id} alert={alert} route={route} titles={catalogue.titles} />
              ))}
            </ul>
          )}
        </section>
      </div>
    </div>
  );
}
