/** One alert in a list: state, what, who, since when, how much. */
import type { ShownAlert } from '../answers.ts';
import { hrefOf, type Route } from '../route.ts';
import { alertTitle, count, lasted, moment, percent, scopeWords } from '../words.ts';
import { StateBadge } from './badges.tsx';

interface AlertRowProps {
  readonly alert: ShownAlert;
  readonly route: Route;
  readonly titles: ReadonlyMap<string, string>;
}

/** How long it failed: until the last failing minute, or until now. */
export const lengthOf = ({ since, until, resolved, evaluated }: ShownAlert): number =>
  Date.parse((resolved === null ? evaluated : until) ?? resolved ?? evaluated) - Date.parse(since);

export function AlertRow({ alert, route, titles }: AlertRowProps) {
  const { id, state, scope, since, share, failures, silencedBy } = alert;
  return (
    <li class={`alert-row state-${state}`}>
      <StateBadge state={state} />
      <div class="alert-what">
        <a class="name" href={hrefOf({ ...route, view: 'alerts', id })}>
          {alertTitle(alert, titles)}
        </a>
        <p>
          <bdi>{scopeWords(scope)}</bdi>
          {silencedBy && <span class="badge plain">silenced</span>}
        </p>
      </div>
      <p class="alert-share">
        <strong>{percent(share)}</strong> of calls failing
        <span class="muted"> {count(failures)} failed</span>
      </p>
      <p class="alert-when">
        {moment(since)}
        <span class="muted"> for {lasted(lengthOf(alert))}</span>
      </p>
    </li>
  );
}
