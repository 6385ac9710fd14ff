/** Starts the dashboard in the page that `serve.ts` answers with. */
import { render } from 'preact';
import { App } from './app.tsx';
import { startRefreshing } from './refresh.ts';
import { startTheme } from './theme.ts';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no place for the dashboard.');
startTheme();
startRefreshing();
render(<App />, root);
