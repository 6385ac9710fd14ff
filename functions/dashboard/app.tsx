/** The page's frame: where one is, whether the figures are fresh, and the view that the address names. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { isAlerts } from './answers.ts';
import { useAnswer, useCatalogue, useConnection, useRefresh, useRoute, useTheme } from './hooks.ts';
import { Announcer, announce } from './parts/announcer.tsx';
import { pauseRefresh, refreshNow } from './refresh.ts';
import { hrefOf, type Route, type View } from './route.ts';
import { chooseTheme } from './theme.ts';
import { AlertView } from './views/alert.tsx';
import { AlertsView } from './views/alerts.tsx';
import { Causes, CauseView } from './views/causes.tsx';
import { Health } from './views/health.tsx';
import { Overview } from './views/overview.tsx';
import { Unknown } from './views/unknown.tsx';
import { clock, shown } from './words.ts';

const NAMES: Readonly<Record<View, string>> = {
  overview: 'Overview',
  alerts: 'Alerts',
  causes: 'Causes',
  unknown: 'Unknown',
  health: 'Health',
};

export function App() {
  const route = useRoute();
  const catalogue = useCatalogue();
  const heading = useRef<HTMLHeadingElement>(null);
  const [told, setTold] = useState({ id: '', title: '' });
  const title = told.id === route.id ? told.title : titleOf(route, catalogue.titles);
  const place = `${route.view}/${route.id}`;
  const last = useRef(place);
  useEffect(() => {
    document.title = `${title} · gridwatch`;
    // Another view is another page: reading goes on at its heading. A filter or range is not.
    if (last.current !== place) heading.current?.focus();
    last.current = place;
  }, [title, place]);
  return (
    <>
      <Header route={route} onSkip={() => heading.current?.focus()} />
      <Gone />
      <Announcer />
      <main>
        <h1 ref={heading} tabIndex={-1} class={route.id === null ? '' : 'with-back'}>
          {title}
        </h1>
        {route.id === null ? (
          <ViewOf route={route} catalogue={catalogue} />
        ) : route.view === 'alerts' ? (
          <AlertView key={route.id} id={route.id} route={route} catalogue={catalogue} onTitle={setTold} />
        ) : (
          <CauseView key={route.id} id={route.id} route={route} catalogue={catalogue} />
        )}
      </main>
      <footer class="page-foot muted">
        gridwatch shows counts and names only, never a prompt or a key. All times are UTC.
      </footer>
    </>
  );
}

function titleOf({ view, id }: Route, titles: ReadonlyMap<string, string>): string {
  if (id === null)
    return view === 'unknown'
      ? 'Failures without a known cause'
      : view === 'causes'
        ? 'Catalogue of causes'
        : NAMES[view];
  return view === 'alerts' ? `Alert ${shown(id)}` : (titles.get(id) ?? shown(id));
}

function ViewOf({ route, catalogue }: Pick<Parameters<typeof Overview>[0], 'route' | 'catalogue'>) {
  switch (route.view) {
    case 'overview':
      return <Overview route={route} catalogue={catalogue} />;
    case 'alerts':
      return <AlertsView route={route} catalogue={catalogue} />;
    case 'causes':
      return <Causes route={route} catalogue={catalogue} />;
    case 'unknown':
      return <Unknown route={route} catalogue={catalogue} />;
    case 'health':
      return <Health />;
  }
}

function Header({ route, onSkip }: { readonly route: Route; readonly onSkip: () => void }) {
  const firing = useAnswer('v1/alerts?state=firing', isAlerts).data?.alerts.length ?? 0;
  const { theme } = useTheme();
  const views = Object.entries(NAMES).map(([view, name]) => ({ view: view as View, name }));
  return (
    <header class="page-head">
      <a
        class="skip"
        href={hrefOf(route)}
        onClick={(event) => {
          event.preventDefault();
          onSkip();
        }}
      >
        Skip to the figures
      </a>
      <a class="brand" href="#/">
        <svg viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">
          <rect x="1" y="1" width="6" height="6" rx="1.5" />
          <rect x="9" y="1" width="6" height="6" rx="1.5" />
          <rect x="1" y="9" width="6" height="6" rx="1.5" />
          <rect x="9" y="9" width="6" height="6" rx="1.5" class="lit" />
        </svg>
        gridwatch
      </a>
      <nav class="views" aria-label="Views">
        {views.map(({ view, name }) => (
          <a
            key={view}
            href={hrefOf({ ...route, view, id: null })}
            aria-current={route.view === view ? 'page' : undefined}
          >
            {name}
            {view === 'alerts' && firing > 0 && (
              <span class="count" title={`${firing} firing`}>
                {firing}
                <span class="unseen"> firing</span>
              </span>
            )}
          </a>
        ))}
      </nav>
      <div class="head-end">
        <Freshness />
        <button
          type="button"
          class="button icon"
          aria-label={theme === 'dark' ? 'Light theme' : 'Dark theme'}
          title={theme === 'dark' ? 'Light theme' : 'Dark theme'}
          onClick={() => chooseTheme(theme === 'dark' ? 'light' : 'dark')}
        >
          <span aria-hidden="true">{theme === 'dark' ? '☀' : '☾'}</span>
        </button>
      </div>
    </header>
  );
}

function Freshness() {
  const { isPaused } = useRefresh();
  const { isGone, answeredMs } = useConnection();
  const words = isGone ? 'No answer' : isPaused ? 'Paused' : 'Live';
  return (
    <>
      <span class={`fresh ${isGone ? 'gone' : isPaused ? 'paused' : 'live'}`}>
        <span class="dot" aria-hidden="true" /> {words}
        {answeredMs !== null && <span class="fresh-time"> {clock(answeredMs, true)}</span>}
      </span>
      <button
        type="button"
        class="button icon"
        aria-label={isPaused ? 'Go on refreshing' : 'Pause refreshing'}
        title={isPaused ? 'Go on refreshing' : 'Pause refreshing (every 30 s)'}
        onClick={() => pauseRefresh(!isPaused)}
      >
        <span aria-hidden="true">{isPaused ? '▶' : '❙❙'}</span>
      </button>
      <button type="button" class="button icon" aria-label="Refresh now" title="Refresh now" onClick={refreshNow}>
        <span aria-hidden="true">↻</span>
      </button>
    </>
  );
}

/** The server is gone while the page is open: said once, for the whole page. */
function Gone() {
  const { isGone, answeredMs } = useConnection();
  const was = useRef(false);
  useEffect(() => {
    if (isGone) announce('The server does not answer.');
    else if (was.current) announce('The server answers again.');
    was.current = isGone;
  }, [isGone]);
  if (!isGone) return null;
  return (
    <div class="gone-bar">
      <p>
        <strong>The server does not answer.</strong>{' '}
        {answeredMs === null ? 'Nothing can be shown yet.' : `What you see is of ${clock(answeredMs, true)} UTC.`}{' '}
        Trying again every 3 seconds; if it does not come back, start gridwatch again or check the connection.
      </p>
    </div>
  );
}
