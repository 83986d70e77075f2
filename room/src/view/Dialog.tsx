import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { words } from "../strings";

interface Props {
  title: string;
  confirm: string;
  danger?: boolean;
  onConfirm: (text: string) => void;
  onClose: () => void;
  /** Asks for a reason; these are offered, and another may be typed. */
  reasons?: readonly string[];
  label?: string;
  /** Pressing an offered reason is enough; nothing is asked after it. */
  atOnce?: boolean;
  children?: ComponentChildren;
}

/** Asks once more before something that cannot be undone; may ask why. */
export function Dialog({
  title,
  confirm,
  danger,
  onConfirm,
  onClose,
  reasons,
  label,
  atOnce,
  children,
}: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const reason = useRef<HTMLInputElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={onClose} aria-label={title}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm(reason.current?.value.trim() ?? "");
          dialog.current?.close();
        }}
      >
        <h2>{title}</h2>
        {children}
        {reasons && (
          <p class="field">
            <label for="reason">{label ?? "Reason"}</label>
            <input id="reason" ref={reason} required maxLength={200} list="reasons" autocomplete="off" />
          </p>
        )}
        {reasons && reasons.length > 0 && (
          <p class="choices">
            {reasons.map((text) => (
              <button
                key={text}
                type="button"
                class="button quiet"
                onClick={() => {
                  if (reason.current) reason.current.value = text;
                  if (!atOnce) return;
                  onConfirm(text);
                  dialog.current?.close();
                }}
              >
                {text}
              </button>
            ))}
          </p>
        )}
        <p class="actions">
          <button type="button" class="button quiet" onClick={() => dialog.current?.close()}>
            {words.cancel}
          </button>
          <button type="submit" class={danger ? "button danger" : "button"}>
            {confirm}
          </button>
        </p>
      </form>
    </dialog>
  );
}
