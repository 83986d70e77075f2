import { defineConfig } from "vite";

// Two entries with fixed names, which the server's pages load; no request goes anywhere else.
export default defineConfig({
  base: "./",
  build: {
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    rollupOptions: {
      input: { room: "src/main.tsx", preview: "src/preview.tsx" },
      output: {
        entryFileNames: "[name].js",
        chunkFileNames: "shared.js", // what both need, which the pages ask for at once beside them
        assetFileNames: "room[extname]",
      },
    },
  },
});
