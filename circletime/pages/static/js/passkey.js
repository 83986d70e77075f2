// Asks the browser for a passkey and sends what it says with the form. What went wrong is said beside the button.

const WORDS = {
  InvalidStateError: "This device has a passkey for you already.",
  NotAllowedError: "Nothing came of it, or it was called off. Try again.",
  SecurityError: "Passkeys work only at the school's own address.",
  away: "The school's server did not answer. Try again.",
  none: "This browser has no passkeys at this address. Take another browser, or an app that shows codes.",
  other: "That did not work. Try again, or take another way.",
};

async function options(form) {
  const inPage = document.getElementById("passkey-options");
  if (inPage) return JSON.parse(inPage.textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) throw new DOMException("", "away");
  return (await answer.json()).request_options;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button");
  const said = form.querySelector("[role=alert]");
  const can = globalThis.webauthnJSON?.supported();
  // Where there is another way beneath, a browser without passkeys is not troubled with them.
  form.hidden = !can && form.dataset.passkey === "get";
  button.disabled = !can;
  if (!can) said.textContent = WORDS.none;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.textContent = "";
    button.disabled = true;
    try {
      const asked = await options(form);
      const made = await globalThis.webauthnJSON[form.dataset.passkey](asked);
      form.elements.credential.value = JSON.stringify(made);
      form.submit();
    } catch (trouble) {
      said.textContent = WORDS[trouble.name] ?? WORDS.other;
      button.disabled = false;
      button.focus();
    }
  });
}
