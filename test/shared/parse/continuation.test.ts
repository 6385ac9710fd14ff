import { isContinuation } from '../../../shared/parse/continuation.ts';

test.each([
  ['blank', ''],
  ['indented', '  File "/srv/app.py", line 3, in call'],
  ['tab', '\tat com.acme.Orders.run(Orders.java:12)'],
  ['no-break space', '\u00a0\u00a0raise error'],
  ['stack frame without indent', 'at Orders.run (file:///srv/app.js:12:3)'],
  ['traceback', 'Traceback (most recent call last):'],
  ['file of a traceback', 'File "/srv/app.py", line 3, in call'],
  ['closing brace', '}'],
  ['closing bracket and comma', '],'],
  ['closing parenthesis', ')'],
  ['cause', 'Caused by: java.net.SocketTimeoutException'],
  ['more frames', '... 12 more'],
  ['chained exception', 'During handling of the above exception, another exception occurred:'],
  ['direct cause', 'The above exception was the direct cause of the following exception:'],
  ['carets', '^^^^^^'],
])('continues: %s', (_, line) => {
  expect(isContinuation(line)).toBe(true);
});

test.each([
  ['stamped line', '2026-11-22 14:23:45,162 - app - ERROR - boom'],
  ['JSON line', '{"level":"error"}'],
  ['last line of a traceback', 'openai.RateLimitError: Error code: 429'],
  ['prose', 'at noon we restarted'],
  ['bracketed stamp', '[2026-11-22 14:23:45] boom'],
  ['dots', '... and so on'],
])('stands alone: %s', (_, line) => {
  expect(isContinuation(line)).toBe(false);
});
