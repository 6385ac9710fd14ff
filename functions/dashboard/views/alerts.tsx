/** The list of alerts, and what people asked not to be told. */
import { useState } from 'preact/hooks';
import { type Alerts, isAlerts, isSilences, type Silence } from '../answers.ts';
import { ask } from '../ask.ts';
import { type Catalogue, useAnswer } from '../hooks.ts';
import { AlertRow } from '../parts/alert-row.tsx';
import { announce } from '../parts/announcer.tsx';
import { filterWords } from '../parts/silence-dialog.tsx';
import { Empty, stateOf } from '../parts/states.tsx';
import { refreshNow } from '../refresh.ts';
import { hrefOf, type Route } from '../route.ts';
import { moment, shown } from '../words.ts';

const STATES = [null, 'firing', 'pending', 'resolved'] as const;
const PAGE = 50;

export function AlertsView({ route, catalogue }: { readonly route: Route; readonly catalogue: Catalogue }) {
  const answer = useAnswer('v1/alerts', isAlerts);
  const [most, setMost] = useState(PAGE);
  const [older, setOlder] = useState<Alerts | null>(null);
  const all = [...(answer.data?.alerts ?? []), ...(older?.alerts ?? [])];
  const next = older ? older.next : answer.data?.next;
  const ofState = all.filter(({ state }) => route.state === null || state === route.state);
  const many = (state: string | null) => all.filter((alert) => state === null || alert.state === state).length;
  const askOlder = async (cursor: string) => {
    const found = await ask(`v1/alerts?cursor=${encodeURIComponent(cursor)}`, isAlerts);
    if ('problem' in found) return announce(`${found.problem.title}. ${found.problem.detail}`);
    setOlder({ ...found.data, alerts: [...(older?.alerts ?? []), ...found.data.alerts] });
    setMost(most + PAGE);
  };
  return (
    <>
      <nav class="tabs" aria-label="State of alerts">
        {STATES.map((state) => (
          <a key={state} href={hrefOf({ ...route, state })} aria-current={route.state === state ? 'page' : undefined}>
            {state ?? 'all'} <span class="figure">{many(state)}</span>
          </a>
        ))}
      </nav>
      {stateOf(answer, 'alerts') ?? (
        <>
          {ofState.length === 0 && (
            <Empty title={route.state === null ? 'There has been no alert' : `No alert is ${shown(route.state)}`}>
              <p>An alert needs at least ten failing calls, a share well above normal, and more than a blip.</p>
            </Empty>
          )}
          <ul class="alert-list card">
            {ofState.slice(0, most).map((alert) => (
              <AlertRow key={alert.id} alert={alert} route={route} titles={catalogue.titles} />
            ))}
          </ul>
          {ofState.length > most ? (
            <button type="button" class="button" onClick={() => setMost(most + PAGE)}>
              {ofState.length - most} more
            </button>
          ) : (
            next && (
              <button type="button" class="button" onClick={() => void askOlder(next)}>
                Older alerts
              </button>
            )
          )}
        </>
      )}
      <SilenceList catalogue={catalogue} />
    </>
  );
}

function SilenceList({ catalogue }: { readonly catalogue: Catalogue }) {
  const silences = useAnswer('v1/silences', isSilences).data?.silences ?? [];
  const live = silences.filter(({ until, ended }) => ended === null && Date.parse(until) > Date.now());
  if (live.length === 0) return null;
  return (
    <section class="card">
      <h2>Silences</h2>
      <ul class="silences">
        {live.map((silence) => (
          <SilenceRow key={silence.id} silence={silence} catalogue={catalogue} />
        ))}
      </ul>
    </section>
  );
}

function SilenceRow({ silence, catalogue }: { readonly silence: Silence; readonly catalogue: Catalogue }) {
  const { id, filters, reason, until } = silence;
  const words = filterWords(filters, catalogue.titles);
  const end = async () => {
    const answer = await ask(`v1/silences/${encodeURIComponent(id)}`, (body): body is unknown => body !== undefined, {
      method: 'DELETE',
    });
    announce('problem' in answer ? `${answer.problem.title}. ${answer.problem.detail}` : 'The silence has ended.');
    refreshNow();
  };
  return (
    <li>
      <p>
        <strong>
          <bdi>{words}</bdi>
        </strong>{' '}
        until {moment(until)} UTC
      </p>
      <p class="muted">
        <bdi>{shown(reason)}</bdi>
      </p>
      <button type="button" class="button small" aria-label={`End the silence of ${words}`} onClick={() => void end()}>
        End now
      </button>
    </li>
  );
}
