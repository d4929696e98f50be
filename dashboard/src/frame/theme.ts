/** Dark or light: what was chosen last, else what the system wants. */
import { useCallback, useState } from 'react';

type Theme = 'dark' | 'light';
const KEPT = 'airspace-theme';

const asked = (): Theme => (matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark');

/** Private windows may keep nothing, and then it lasts as long as the page. */
const kept = (): Theme | undefined => {
  try {
    const value = localStorage.getItem(KEPT);
    return value === 'dark' || value === 'light' ? value : undefined;
  } catch {
    return undefined;
  }
};

const wear = (theme: Theme): Theme => {
  document.documentElement.dataset['theme'] = theme;
  return theme;
};

/** Before the first picture, so that nothing flashes. */
export const wearTheme = (): void => void wear(kept() ?? asked());

export const useTheme = (): readonly [Theme, () => void] => {
  const [theme, setTheme] = useState<Theme>(() =>
    document.documentElement.dataset['theme'] === 'light' ? 'light' : 'dark',
  );
  const turn = useCallback(() => {
    setTheme((before) => {
      const after = wear(before === 'dark' ? 'light' : 'dark');
      try {
        localStorage.setItem(KEPT, after);
      } catch {
        // Kept by the page itself.
      }
      return after;
    });
  }, []);
  return [theme, turn];
};
