/** Begins the dashboard. */
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import './style/tokens.css';
import './style/frame.css';
import './style/parts.css';
import './style/requests.css';
import './style/trace.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { queries } from './api/queries.ts';
import { App, fetchFirst } from './app.tsx';
import { Entry } from './frame/entry.tsx';
import { wearTheme } from './frame/theme.ts';

wearTheme();
fetchFirst(location.pathname.replace(/^\/ui/, ''));
createRoot(document.getElementById('app')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Router base="/ui">
        <Entry>
          <App />
        </Entry>
      </Router>
    </QueryClientProvider>
  </StrictMode>,
);
