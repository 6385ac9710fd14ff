/** Light or dark: as the system says, unless a person chose; the choice stays in this browser. */
import type { Theme } from './colours.ts';

export interface ThemeState {
  readonly choice: Theme | 'system';
  readonly theme: Theme;
}
const KEPT_AS = 'gridwatch.theme';
const isDark = () => matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<(state: ThemeState) => void>();

/** A browser may forbid storage; then the choice lasts as long as the page. */
function kept(): ThemeState['choice'] {
  try {
    const choice = localStorage.getItem(KEPT_AS);
    return choice === 'light' || choice === 'dark' ? choice : 'system';
  } catch {
    return 'system';
  }
}
const stateOf = (choice: ThemeState['choice']): ThemeState => ({
  choice,
  theme: choice === 'system' ? (isDark().matches ? 'dark' : 'light') : choice,
});
let state: ThemeState | null = null;

export function currentTheme(): ThemeState {
  state ??= stateOf(kept());
  return state;
}
export function onTheme(listener: (state: ThemeState) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
function show(next: ThemeState): void {
  state = next;
  document.documentElement.dataset['theme'] = next.theme;
  for (const listener of listeners) listener(next);
}

export function chooseTheme(choice: ThemeState['choice']): void {
  try {
    localStorage.setItem(KEPT_AS, choice);
  } catch {
    // Not kept, still shown.
  }
  show(stateOf(choice));
}

export function startTheme(): void {
  show(currentTheme());
  isDark().addEventListener('change', () => show(stateOf(currentTheme().choice)));
}
