/** One alert: what happened, the evidence, whom it hits, and what to do about it. */
import { useEffect, useState } from 'preact/hooks';
import type { Filters } from '../../../shared/summary.ts';
import { isAlert, type ShownAlert } from '../answers.ts';
import { type Catalogue, useAnswer } from '../hooks.ts';
import { lengthOf } from '../parts/alert-row.tsx';
import { StateBadge } from '../parts/badges.tsx';
import { FailuresChart } from '../parts/failures-chart.tsx';
import { Remediation } from '../parts/remediation.tsx';
import { SilenceDialog } from '../parts/silence-dialog.tsx';
import { stateOf } from '../parts/states.tsx';
import { lengthOf as rangeLength, stepFor } from '../range-choice.ts';
import { hrefOf, type Route, START } from '../route.ts';
import {
  alertTitle,
  count,
  DIMENSION_WORDS,
  lasted,
  moment,
  percent,
  reasonWords,
  scopeWords,
  shown,
  valueWords,
} from '../words.ts';

const AROUND_MS = 30 * 60_000;

interface AlertProps {
  readonly id: string;
  readonly route: Route;
  readonly catalogue: Catalogue;
  /** What the page is to be called once the alert is known. */
  readonly onTitle: (title: { readonly id: string; readonly title: string }) => void;
}

export function AlertView({ id, route, catalogue, onTitle }: AlertProps) {
  const answer = useAnswer(`v1/alerts/${encodeURIComponent(id)}`, isAlert);
  const title =
    answer.data === null ? null : `${alertTitle(answer.data, catalogue.titles)}: ${scopeWords(answer.data.scope)}`;
  useEffect(() => {
    if (title !== null) onTitle({ id, title });
  }, [id, title, onTitle]);
  if (answer.data === null)
    return answer.problem?.kind === 'missing' ? (
      <div class="state empty">
        <p class="state-title">There is no such alert</p>
        <p>It may be older than what is kept. {answer.problem.detail}</p>
        <p>
          <a class="button" href={hrefOf({ ...START, view: 'alerts' })}>
            All alerts
          </a>
        </p>
      </div>
    ) : (
      stateOf(answer, 'the alert')
    );
  return <Told alert={answer.data} route={route} catalogue={catalogue} />;
}

function Told({
  alert,
  route,
  catalogue,
}: {
  readonly alert: ShownAlert;
  readonly route: Route;
  readonly catalogue: Catalogue;
}) {
  const [isSilencing, setSilencing] = useState(false);
  const { titles } = catalogue;
  const range = around(alert);
  const filters: Filters = alert.scope.by === 'all' ? {} : { [alert.scope.by]: alert.scope.value };
  const lead = catalogue.causes.find(({ id }) => id === alert.causes[0]?.cause);
  const go = (next: Route) => {
    location.hash = hrefOf(next);
  };
  return (
    <article class="alert-page">
      <header class="alert-head">
        <p class="alert-line">
          <StateBadge state={alert.state} /> <span class="muted">{reasonWords(alert.reason)}</span>
          {alert.silencedBy && <span class="badge plain">silenced: {shown(alert.silencedBy)}</span>}
        </p>
        <p class="evidence">{alert.evidence}</p>
        <p class="actions">
          <button type="button" class="button" onClick={() => setSilencing(true)}>
            Silence…
          </button>
          <a class="button" href={hrefOf({ ...START, ...range, by: 'cause', filters })}>
            Look at these calls
          </a>
        </p>
      </header>
      <Findings alert={alert} />
      <div class="columns">
        <div>
          <section class="card">
            <h2>What to do</h2>
            {lead ? <Remediation cause={lead} /> : <p class="muted">The catalogue is loading.</p>}
            {lead && (
              <p>
                <a href={hrefOf({ ...route, view: 'causes', id: lead.id })}>More about this cause</a>
              </p>
            )}
          </section>
          <section class="card">
            <div class="card-head">
              <h2>Failed calls around it</h2>
            </div>
            <FailuresChart
              route={route}
              by="cause"
              filters={filters}
              range={range}
              step={stepFor(rangeLength(range.from, range.to, Date.now()) ?? 0, 120)}
              alerts={[alert]}
              catalogue={catalogue}
              onFilter={(dimension, value) =>
                go({ ...START, ...range, by: 'cause', filters: { ...filters, [dimension]: String(value ?? '') } })
              }
              onZoom={(fromMs, toMs) =>
                go({
                  ...START,
                  from: new Date(fromMs).toISOString(),
                  to: new Date(toMs).toISOString(),
                  by: 'cause',
                  filters,
                })
              }
            />
          </section>
        </div>
        <div>
          <section class="card">
            <h2>Timeline</h2>
            <Timeline alert={alert} />
          </section>
          <section class="card">
            <h2>
              Why <span class="muted">in its worst ten minutes</span>
            </h2>
            <Shares
              rows={alert.causes.map(({ cause, status, failures }) => ({
                id: `${cause} ${status}`,
                name: `${titles.get(cause) ?? valueWords('cause', cause)}, ${status ?? 'no status'}`,
                href: hrefOf({ ...route, view: 'causes', id: cause }),
                failures,
              }))}
            />
          </section>
          <Radius alert={alert} range={range} />
        </div>
      </div>
      <p class="muted alert-id">Alert {alert.id}</p>
      {isSilencing && <SilenceDialog alert={alert} titles={titles} onClose={() => setSilencing(false)} />}
    </article>
  );
}

/** Half an hour on both sides, whole minutes. */
function around({ since, resolved, evaluated }: ShownAlert): { from: string; to: string } {
  const from = Date.parse(since) - AROUND_MS;
  const to = Math.min(Date.parse(resolved ?? evaluated) + AROUND_MS, Math.max(Date.now(), Date.parse(evaluated)));
  return { from: new Date(from).toISOString(), to: new Date(Math.ceil(to / 60_000) * 60_000).toISOString() };
}

function Findings({ alert }: { readonly alert: ShownAlert }) {
  const { findings = [] } = alert;
  if (findings.length === 0) return null;
  return (
    <section class="card findings">
      <h2>What the figures show</h2>
      <ul>
        {findings.map(({ kind, says }) => (
          <li key={kind}>{shown(says, 400)}</li>
        ))}
      </ul>
    </section>
  );
}

function Timeline({ alert }: { readonly alert: ShownAlert }) {
  const { since, fired, lastNotified, until, resolved, evaluated, reason, state } = alert;
  const steps = [
    { at: since, what: 'began: first minute of the evidence', sign: 'began' },
    {
      at: fired,
      what: `firing, ${fired === null ? '' : `${lasted(Date.parse(fired) - Date.parse(since))} after it began`}`,
      sign: 'fired',
    },
    { at: lastNotified, what: 'people were last told', sign: 'told' },
    { at: until, what: 'last failing minute ended', sign: 'until' },
    { at: resolved, what: `resolved: ${reasonWords(reason)}`, sign: 'resolved' },
    { at: state === 'resolved' ? null : evaluated, what: `last evaluated, still ${state}`, sign: 'now' },
  ].filter((step): step is { at: string; what: string; sign: string } => step.at !== null);
  return (
    <>
      <ol class="timeline">
        {steps
          .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
          .map(({ at, what, sign }) => (
            <li key={sign} class={`at-${sign}`}>
              <time dateTime={at}>{moment(at, Date.parse(since))}</time> {what}
            </li>
          ))}
      </ol>
      <p class="muted">
        Failing for {lasted(lengthOf(alert))}. Times are UTC, {since.slice(0, 10)}.
      </p>
    </>
  );
}

interface Share {
  readonly id: string;
  readonly name: string;
  readonly href: string;
  readonly failures: number;
  /** 0–1; of the rows' sum where not given. */
  readonly share?: number;
}
function Shares({ rows }: { readonly rows: readonly Share[] }) {
  const total = rows.reduce((sum, { failures }) => sum + failures, 0);
  if (rows.length === 0) return <p class="muted">Nothing more is known.</p>;
  return (
    <table class="tops">
      <thead class="unseen">
        <tr>
          <th scope="col">what</th>
          <th scope="col">failed</th>
          <th scope="col">share</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ id, name, href, failures, share = failures / total }) => (
          <tr key={id}>
            <th scope="row">
              <a class="name" href={href}>
                <bdi>{name}</bdi>
              </a>
              <span class="share-bar" style={{ width: `${100 * Math.min(1, share)}%` }} aria-hidden="true" />
            </th>
            <td class="number">{count(failures)}</td>
            <td class="number">{percent(share)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const KINDS = ['logGroup', 'key', 'project', 'tenant', 'model', 'provider'] as const;

function Radius({
  alert,
  range,
}: {
  readonly alert: ShownAlert;
  readonly range: { readonly from: string; readonly to: string };
}) {
  const kinds = KINDS.map((by) => ({ by, hits: alert.blastRadius.filter(({ scope }) => scope.by === by) })).filter(
    ({ hits }) => hits.length > 0,
  );
  return (
    <section class="card">
      <h2>
        Blast radius <span class="muted">share of these failures</span>
      </h2>
      {kinds.length === 0 && (
        <p class="muted">
          The logs name nothing beside <bdi>{scopeWords(alert.scope)}</bdi>.
        </p>
      )}
      {kinds.map(({ by, hits }) => (
        <div key={by} class="radius">
          <h3>{DIMENSION_WORDS[by][hits.length === 1 ? 0 : 1]}</h3>
          <Shares
            rows={hits.map(({ scope, failures, share }) => ({
              id: scope.value,
              name: shown(scope.value),
              href: hrefOf({ ...START, ...range, by: 'cause', filters: { [by]: scope.value } }),
              failures,
              share,
            }))}
          />
        </div>
      ))}
    </section>
  );
}
