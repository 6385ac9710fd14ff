/** gridwatch about itself: is every log event accounted for, how far is evaluation, what was skipped and why. */
import { type Health as HealthAnswer, isHealth } from '../answers.ts';
import { useAnswer } from '../hooks.ts';
import { stateOf } from '../parts/states.tsx';
import { count, lasted, moment, percent } from '../words.ts';

const STATUS: ReadonlyMap<string, readonly [sign: 'good' | 'bad' | 'idle', title: string, advice: string]> = new Map([
  [
    'ok',
    [
      'good',
      'Everything is accounted for',
      'Every log event received is counted or skipped with a reason, and evaluation is up to date.',
    ],
  ],
  [
    'no-data',
    [
      'idle',
      'No log event has been received',
      'Check that log groups are subscribed (gridwatch doctor), or give gridwatch start a file.',
    ],
  ],
  [
    'behind',
    [
      'bad',
      'Evaluation is behind',
      'Alerts come late. Look at the evaluate function (docs/runbook.md, no-evaluation); locally, restart gridwatch.',
    ],
  ],
  [
    'law-broken',
    [
      'bad',
      'Log events are unaccounted for',
      'This is a bug in gridwatch: counts may be wrong. See docs/runbook.md, law-broken.',
    ],
  ],
]);

const SKIPPED_WORDS: ReadonlyMap<string, string> = new Map([
  ['not-a-call', 'no sign of an LLM call'],
  ['other-host', 'a call of another host than LLMGrid'],
  ['unreadable', 'looks like a call but cannot be read'],
  ['own-logs', 'gridwatch’s own logs'],
]);

export function Health() {
  const answer = useAnswer('v1/health', isHealth);
  if (answer.data === null) return stateOf(answer, 'health');
  return <Told health={answer.data} />;
}

function Told({ health }: { readonly health: HealthAnswer }) {
  const { status, lag, coverage, dirtyWindows, version } = health;
  const [sign, title, advice] = STATUS.get(status) ?? [
    'idle',
    status,
    'This page does not know this state; reload it.',
  ];
  const facts = [
    [
      'Newest log event',
      lag.newest === null ? '–' : `${moment(lag.newest)} UTC`,
      lag.sinceNewestSeconds === null ? '' : `${lasted(1000 * lag.sinceNewestSeconds)} ago`,
    ],
    [
      'Evaluated to',
      lag.evaluatedTo === null ? '–' : `${moment(lag.evaluatedTo)} UTC`,
      lag.behindSeconds === null
        ? ''
        : lag.behindSeconds === 0
          ? 'up to date'
          : `${lasted(1000 * lag.behindSeconds)} behind the data`,
    ],
    [
      'Failures with a known cause',
      coverage.share === null ? '–' : percent(coverage.share),
      `${count(coverage.unknown)} unknown`,
    ],
    ['Minutes waiting to be folded', count(dirtyWindows), dirtyWindows > 30 ? 'more than usual' : 'usual'],
    ['Version', version, ''],
  ] as const;
  return (
    <>
      <section class={`card health-${sign}`}>
        <h2>
          <span aria-hidden="true">{{ good: '✓', bad: '✕', idle: '○' }[sign]}</span> {title}
        </h2>
        <p>{advice}</p>
      </section>
      <dl class="tiles facts">
        {facts.map(([name, figure, note]) => (
          <div class="tile" key={name}>
            <dt>{name}</dt>
            <dd>
              <span class="tile-range">{figure}</span>
              <span class="tile-note">{note}</span>
            </dd>
          </div>
        ))}
      </dl>
      <Law law={health.law} />
      <Skipped skipped={health.skipped} />
    </>
  );
}

const PARTS = [
  ['counted', 'counted', 'belong to calls'],
  ['notCall', 'not calls', 'no LLM call'],
  ['malformed', 'malformed', 'could not be read'],
  ['tooLate', 'too late', 'older than is kept'],
] as const;

function Law({ law }: { readonly law: HealthAnswer['law'] }) {
  return (
    <section class="card">
      <h2>Every log event, accounted for</h2>
      <p class="equation">
        <span class="term">
          <strong>{count(law.received)}</strong> received
        </span>
        {PARTS.map(([name, words], at) => (
          <span class="term" key={name}>
            <span aria-hidden="true">{at === 0 ? (law.holds ? '=' : '≠') : '+'}</span>
            <span class="unseen">{at === 0 ? (law.holds ? 'equals' : 'does not equal') : 'plus'}</span>{' '}
            <strong>{count(law[name])}</strong> {words}
          </span>
        ))}
      </p>
      <div class="law-bar" aria-hidden="true">
        {PARTS.map(([name]) => (
          <span key={name} class={`law-${name}`} style={{ flexGrow: law[name] }} />
        ))}
      </div>
      <ul class="law-legend muted">
        {PARTS.map(([name, words, meaning]) => (
          <li key={name}>
            <span class={`swatch law-${name}`} aria-hidden="true" /> {words}: {meaning}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Skipped({ skipped }: Pick<HealthAnswer, 'skipped'>) {
  const rows = Object.entries(skipped).sort(([, a], [, b]) => b - a);
  return (
    <section class="card">
      <h2>Skipped, and why</h2>
      {rows.length === 0 ? (
        <p class="muted">Nothing was skipped.</p>
      ) : (
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Reason</th>
              <th scope="col">Meaning</th>
              <th scope="col" class="number">
                Log events
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([reason, n]) => (
              <tr key={reason}>
                <th scope="row">
                  <code>{reason}</code>
                </th>
                <td>{SKIPPED_WORDS.get(reason) ?? '–'}</td>
                <td class="number">{count(n)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
