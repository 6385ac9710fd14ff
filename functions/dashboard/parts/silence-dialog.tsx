/** Asks gridwatch not to tell of something for a while: what, why, until when. The alert is judged and shown all the same. */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { isSilence, type ShownAlert } from '../answers.ts';
import { ask, type Problem } from '../ask.ts';
import { refreshNow } from '../refresh.ts';
import { DIMENSION_WORDS, moment, scopeWords, shown, valueWords } from '../words.ts';
import { announce } from './announcer.tsx';

const HOUR_MS = 3_600_000;
const LENGTHS = [
  ['1', '1 hour'],
  ['4', '4 hours'],
  ['24', '1 day'],
  ['168', '7 days'],
] as const;

interface SilenceDialogProps {
  readonly alert: ShownAlert;
  readonly titles: ReadonlyMap<string, string>;
  readonly onClose: () => void;
}

export function SilenceDialog({ alert, titles, onClose }: SilenceDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isSending, setSending] = useState(false);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const { scope } = alert;
  const cause = alert.causes[0]?.cause;

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const data = new FormData(event.currentTarget);
    const until = new Date(Date.now() + Number(data.get('hours')) * HOUR_MS).toISOString();
    const filters = {
      ...(scope.by !== 'all' && { [scope.by]: scope.value }),
      ...(cause !== undefined && data.get('cause') !== null && { cause }),
    };
    setSending(true);
    const body = JSON.stringify({ filters, reason: String(data.get('reason')).trim(), until });
    const answer = await ask('v1/silences', isSilence, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json' },
    });
    setSending(false);
    if ('problem' in answer) return setProblem(answer.problem);
    announce(`Silenced until ${moment(until)} UTC.`);
    dialog.current?.close();
    refreshNow();
  };

  return (
    <dialog ref={dialog} aria-labelledby={heading} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id={heading}>Silence</h2>
        <p>
          Nobody is told of <bdi>{scopeWords(scope)}</bdi> until the silence ends. The alert stays on this page, and
          what still fails then is told.
        </p>
        {cause !== undefined && (
          <label class="check">
            <input type="checkbox" name="cause" defaultChecked /> Only while the cause is “
            {valueWords('cause', cause, titles)}”
          </label>
        )}
        <label class="field">
          <span>For how long</span>
          <select name="hours">
            {LENGTHS.map(([hours, words]) => (
              <option value={hours} key={hours}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>Why (others will read it)</span>
          <input
            type="text"
            name="reason"
            required
            maxLength={200}
            autoComplete="off"
            placeholder="Budget raise is on its way"
          />
        </label>
        {problem !== null && (
          <p class="form-problem" role="alert">
            <strong>{problem.title}.</strong> {problem.detail}
          </p>
        )}
        <p class="actions">
          <button type="submit" class="button primary" disabled={isSending}>
            {isSending ? 'Silencing…' : 'Silence'}
          </button>
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </p>
      </form>
    </dialog>
  );
}

/** What a silence is about, in words. */
export function filterWords(filters: Readonly<Record<string, string>>, titles: ReadonlyMap<string, string>): string {
  const parts = Object.entries(filters).map(([name, value]) => {
    const dimension = Object.entries(DIMENSION_WORDS).find(([known]) => known === name)?.[1][0] ?? shown(name);
    return `${dimension} ${name === 'cause' ? valueWords('cause', value, titles) : shown(value)}`;
  });
  return parts.length === 0 ? 'everything' : parts.join(', ');
}
