import { memo } from '../../shared/memo.ts';

test('what was made of a key is made once, until there are too many', () => {
  const made: string[] = [];
  const doubled = memo(2, (key) => {
    made.push(key);
    return key + key;
  });
  expect(['a', 'b', 'a'].map(doubled)).toEqual(['aa', 'bb', 'aa']);
  expect(made).toEqual(['a', 'b']);
  expect(['c', 'c', 'a'].map(doubled)).toEqual(['cc', 'cc', 'aa']);
  expect(made).toEqual(['a', 'b', 'c', 'a']);
});

test('what is false counts as made', () => {
  let asked = 0;
  const isEven = memo(2, (key) => ++asked > 0 && Number(key) % 2 === 0);
  expect(['1', '1'].map(isEven)).toEqual([false, false]);
  expect(asked).toBe(1);
});
