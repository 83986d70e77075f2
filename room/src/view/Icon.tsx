const SHAPES = {
  camera: "M3 7h11a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H3a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2Zm14 4 5-3v8l-5-3Z",
  microphone: "M12 2a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V5a3 3 0 0 1 3-3Zm-6 9a6 6 0 0 0 12 0M12 17v4m-4 0h8",
  hand: "M7 12V6a1.5 1.5 0 0 1 3 0v5-7a1.5 1.5 0 0 1 3 0v7-6a1.5 1.5 0 0 1 3 0v7-3a1.5 1.5 0 0 1 3 0v5a7 7 0 0 1-7 7 7 7 0 0 1-6-3l-3-5a1.5 1.5 0 0 1 2.4-1.8Z",
  leave: "M14 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h8M17 8l4 4-4 4m4-4H9",
};

/** A small picture beside a word; the word is what is read aloud. `off` draws a bar through it. */
export function Icon({ name, off }: { name: keyof typeof SHAPES; off?: boolean }) {
  return (
    <svg class="icon-picture" viewBox="0 0 24 24" aria-hidden="true">
      <path d={SHAPES[name]} />
      {off && <path d="M3 3l18 18" />}
    </svg>
  );
}
