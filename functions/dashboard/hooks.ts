/** The page's few sources of change as hooks: the address, answers of the query API, refreshes, the theme. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Category, Cause } from '../../shared/causes.ts';
import { type Causes, isCauses } from './answers.ts';
import { type Answer, ask, type Connection, currentConnection, onConnection, type Problem } from './ask.ts';
import { currentRefresh, onRefresh, type Refresh } from './refresh.ts';
import { parseRoute, type Route } from './route.ts';
import { currentTheme, onTheme, type ThemeState } from './theme.ts';
import { shown } from './words.ts';

function useStore<T>(current: () => T, on: (listener: (value: T) => void) => () => void): T {
  const [value, set] = useState(current);
  useEffect(() => {
    set(current());
    return on(set);
  }, [current, on]);
  return value;
}
export const useRefresh = (): Refresh => useStore(currentRefresh, onRefresh);
export const useConnection = (): Connection => useStore(currentConnection, onConnection);
export const useTheme = (): ThemeState => useStore(currentTheme, onTheme);

const currentRoute = (): string => location.hash;
function onRoute(listener: (hash: string) => void): () => void {
  const tell = () => listener(location.hash);
  addEventListener('hashchange', tell);
  return () => removeEventListener('hashchange', tell);
}
export function useRoute(): Route {
  const hash = useStore(currentRoute, onRoute);
  return useMemo(() => parseRoute(hash), [hash]);
}

export interface Asked<T> {
  readonly data: T | null;
  readonly problem: Problem | null;
  /** What is shown is of another question, until the answer comes. */
  readonly isOld: boolean;
}

/** Asks, and asks again with every refresh. What was answered stays until the next answer is there, also when none comes. */
export function useAnswer<T>(path: string | null, is: (value: unknown) => value is T): Asked<T> {
  const { round } = useRefresh();
  const [state, set] = useState<{ path: string | null; data: T | null; problem: Problem | null }>({
    path: null,
    data: null,
    problem: null,
  });
  useEffect(() => {
    if (path === null) return;
    const controller = new AbortController();
    const take = (answer: Answer<T>) => {
      if (controller.signal.aborted) return;
      if ('data' in answer) set({ path, data: answer.data, problem: null });
      else
        set((before) => ({ path, data: isSameThing(before.path, path) ? before.data : null, problem: answer.problem }));
    };
    ask(path, is, { signal: controller.signal }).then(take, (error: unknown) => {
      throw error;
    });
    return () => controller.abort();
    // A new round asks the same again
  }, [path, round, is]);
  const isKept = isSameThing(state.path, path);
  return {
    data: isKept ? state.data : null,
    problem: isKept ? state.problem : null,
    isOld: state.path !== path && path !== null,
  };
}

/** Figures of another range may stand until the new ones come; another alert's may not. */
const isSameThing = (a: string | null, b: string | null): boolean => a?.split('?')[0] === b?.split('?')[0];

export interface Catalogue extends Causes {
  readonly titles: ReadonlyMap<string, string>;
  readonly categoryOf: (cause: string) => Category | undefined;
}
const NO_CAUSES: Causes = { causes: [] };

/** The server's own words; the page holds whatever it is given to the same length and plainness as a name. */
const LONGEST = 600;
const readable = (cause: Cause): Cause => ({
  ...cause,
  title: shown(cause.title),
  meaning: shown(cause.meaning, LONGEST),
  doNot: cause.doNot === null ? null : shown(cause.doNot, LONGEST),
  commonCauses: cause.commonCauses.map((text) => shown(text, LONGEST)),
  remediation: cause.remediation.map((text) => shown(text, LONGEST)),
});

/** The catalogue never changes while the server runs, so it is asked for once. */
export function useCatalogue(): Catalogue {
  const [{ causes }, set] = useState<Causes>(NO_CAUSES);
  const { round } = useRefresh();
  const has = useRef(false);
  useEffect(() => {
    if (has.current) return;
    ask('v1/causes', isCauses).then(
      (answer) => {
        if (!('data' in answer)) return;
        has.current = true;
        set({ causes: answer.data.causes.map(readable) });
      },
      (error: unknown) => {
        throw error;
      },
    );
    // Asked again until it was answered
  }, [round]);
  return useMemo(() => {
    const byId = new Map(causes.map((cause) => [cause.id, cause]));
    return {
      causes,
      titles: new Map(causes.map(({ id, title }) => [id, title])),
      categoryOf: (id: string) => (id === 'unknown' ? undefined : byId.get(id)?.category),
    };
  }, [causes]);
}
