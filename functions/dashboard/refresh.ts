/** When the page asks again: every 30 seconds while somebody looks at it, every 3 while the server is gone, never when paused. */
import { currentConnection, onConnection } from './ask.ts';

const EVERY_MS = 30_000;
const GONE_MS = 3_000;

export interface Refresh {
  /** Grows with every round. */
  readonly round: number;
  readonly isPaused: boolean;
}
let state: Refresh = { round: 0, isPaused: false };
let lastMs = 0;
let timer: ReturnType<typeof setTimeout> | null = null;
const listeners = new Set<(state: Refresh) => void>();

export const currentRefresh = (): Refresh => state;
export function onRefresh(listener: (state: Refresh) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
function tell(next: Refresh): void {
  state = next;
  for (const listener of listeners) listener(state);
}

export function refreshNow(): void {
  lastMs = Date.now();
  tell({ ...state, round: state.round + 1 });
  schedule();
}
export function pauseRefresh(isPaused: boolean): void {
  tell({ ...state, isPaused });
  schedule();
}

function schedule(): void {
  if (timer !== null) clearTimeout(timer);
  timer = null;
  const { isGone } = currentConnection();
  if (document.hidden || (state.isPaused && !isGone)) return;
  const everyMs = isGone ? GONE_MS : EVERY_MS;
  timer = setTimeout(refreshNow, Math.max(0, lastMs + everyMs - Date.now()));
}

export function startRefreshing(): void {
  lastMs = Date.now();
  document.addEventListener('visibilitychange', schedule);
  let wasGone = false;
  onConnection(({ isGone }) => {
    if (isGone !== wasGone) {
      wasGone = isGone;
      // Back again: everything on the page is asked for anew, at once.
      if (isGone) schedule();
      else refreshNow();
    }
  });
  schedule();
}
