/// <reference types="vitest/config" />
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// Where `npm run dev` finds a server that speaks the contract: the real one, or dev/mock-server.mjs.
const backend = process.env.DISPATCH_BACKEND ?? 'http://127.0.0.1:8787';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // MapLibre alone is near this size; it is a chunk of its own that only pages with a map load.
    chunkSizeWarningLimit: 1200,
    // Nothing is inlined as data: the server's content security policy allows its own files only.
    assetsInlineLimit: 0,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: backend, ws: true } },
  },
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
  },
});
