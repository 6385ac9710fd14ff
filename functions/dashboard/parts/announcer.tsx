/** The page's one live region, for what a person did and what happened to the server; never for figures. */
import { useEffect, useState } from 'preact/hooks';

let tell: (text: string) => void = () => {};
export const announce = (text: string): void => tell(text);

export function Announcer() {
  const [text, setText] = useState('');
  useEffect(() => {
    tell = setText;
  }, []);
  return (
    <p class="unseen" role="status">
      {text}
    </p>
  );
}
