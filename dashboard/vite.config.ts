/** How the dashboard is built: into `dist`, below `/ui`, with nothing written into the page that a strict policy would refuse. */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  base: '/ui/',
  plugins: [react()],
  build: {
    target: 'es2024',
    // A polyfill would be a script in the page, and a file as a `data:` address is one that the policy does not let in.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
});
