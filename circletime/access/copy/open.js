// Opens the film of this page with its passphrase, in this browser and nowhere else. docs/vault-format.md has
// the format. It stands at the end of the page: in one that was cut off it never runs.

const HEADER = 28;
const TAG = 16;
const FINAL = 0x80000000;
const facts = document.body.dataset;
const words = new TextEncoder();
const form = document.getElementById("open");
const wrong = document.getElementById("wrong");

function bytes(base64) {
  const text = atob(base64);
  const found = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) found[i] = text.charCodeAt(i);
  return found;
}

async function stretched(typed) {
  const plain = words.encode(typed.toLowerCase().replace(/[\s-]/g, ""));
  const key = await crypto.subtle.importKey("raw", plain, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes(facts.salt), iterations: Number(facts.rounds) };
  return crypto.subtle.deriveBits(how, key, 256);
}

async function fileKey(typed, header) {
  const key = await crypto.subtle.importKey("raw", await stretched(typed), "HKDF", false, ["deriveKey"]);
  const info = words.encode(`circletime/vault/v1\0copy/${facts.name}`);
  const how = { name: "HKDF", hash: "SHA-256", salt: header.slice(4, 20), info };
  return crypto.subtle.deriveKey(how, key, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
}

function nonce(header, index, final) {
  const found = new Uint8Array(12);
  found.set(header.slice(20, 27));
  new DataView(found.buffer).setUint32(7, index);
  found[11] = final ? 1 : 0;
  return found;
}

async function film(typed) {
  const parts = [];
  let waiting = new Uint8Array(0);
  let header, key, ended;
  for (const block of document.querySelectorAll("script.film")) {
    const next = bytes(block.textContent);
    const joined = new Uint8Array(waiting.length + next.length);
    joined.set(waiting);
    joined.set(next, waiting.length);
    let at = 0;
    if (!header) {
      header = joined.slice(0, HEADER);
      key = await fileKey(typed, header);
      at = HEADER;
    }
    while (at + 4 <= joined.length) {
      const said = new DataView(joined.buffer).getUint32(at);
      const length = (said & ~FINAL) + TAG;
      if (at + 4 + length > joined.length) break;
      const final = said >= FINAL;
      const how = { name: "AES-GCM", iv: nonce(header, parts.length, final), additionalData: header };
      parts.push(await crypto.subtle.decrypt(how, key, joined.subarray(at + 4, at + 4 + length)));
      at += 4 + length;
      ended = final;
    }
    waiting = joined.slice(at);
  }
  if (!ended || waiting.length) throw new Error("not whole");
  return new Blob(parts, { type: "video/mp4" });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  wrong.textContent = "Opening it…";
  try {
    const address = URL.createObjectURL(await film(form.elements.passphrase.value));
    document.querySelector("video").src = address;
    document.getElementById("save").href = address;
    document.getElementById("film").hidden = false;
    form.hidden = true;
  } catch {
    wrong.textContent = "That is not the passphrase. Look at each letter again.";
  }
  button.disabled = false;
});

document.getElementById("broken").hidden = true;
if (crypto.subtle) {
  form.hidden = false;
} else {
  const broken = document.getElementById("broken");
  broken.textContent = "This browser cannot open it. Open the file on a computer, in Chrome, Edge, Firefox or Safari.";
  broken.hidden = false;
}
