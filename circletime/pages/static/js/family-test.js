// A family tries its camera, microphone and loudspeaker. Everything stays in this page: no track is sent, no
// sound is kept, and leaving the page closes both.

const page = document.querySelector("[data-tryout]");
const part = (name) => page.querySelector(`[data-${name}]`);
const word = (name) => page.querySelector(`[data-word="${name}"]`).textContent;
const video = part("video");
const meter = part("meter");
const say = (name) => {
  part("say").textContent = word(name);
};
let stream = null;
let context = null;
let watching = 0;

function stop() {
  clearInterval(watching);
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
}

/** An AudioContext needs a press to sound on phones, so it is made in one. */
function sound() {
  context ??= new (window.AudioContext ?? window.webkitAudioContext)();
  void context.resume();
  return context;
}

function trouble(error) {
  if (error?.name === "NotAllowedError" || error?.name === "SecurityError") return "denied";
  if (error?.name === "NotReadableError" || error?.name === "AbortError") return "busy";
  return "missing";
}

async function open(wanted) {
  stop();
  if (!navigator.mediaDevices?.getUserMedia) {
    say("old");
    return;
  }
  say("ask");
  try {
    stream = await navigator.mediaDevices.getUserMedia(wanted);
  } catch (error) {
    const why = trouble(error);
    say(why);
    if (why === "denied") showHelp();
    return;
  }
  const [picture] = stream.getVideoTracks();
  video.srcObject = new MediaStream(picture ? [picture] : []);
  video.hidden = !picture;
  part("dark").hidden = Boolean(picture);
  part("sound-in").hidden = false;
  say("quiet");
  listen(stream);
  await offer();
}

function listen(heard) {
  const analyser = sound().createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(new MediaStream(heard.getAudioTracks())).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let loud = 0;
  watching = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
    meter.value = Math.min(1, Math.sqrt(power) * 5);
    loud += meter.value > 0.1 ? 1 : 0;
    if (loud === 5) say("works");
  }, 66);
}

/** More than one camera or microphone can be chosen from; their names are known only once they are allowed. */
async function offer() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  for (const list of page.querySelectorAll("[data-pick]")) {
    const found = devices.filter((one) => one.kind === list.dataset.pick);
    const kind = list.dataset.pick === "videoinput" ? stream.getVideoTracks()[0] : stream.getAudioTracks()[0];
    const now = kind?.getSettings().deviceId;
    list.replaceChildren(
      ...found.map((one) => new Option(one.label || list.labels[0].textContent, one.deviceId, false, one.deviceId === now)),
    );
    list.parentElement.hidden = found.length < 2;
    if (found.length > 1) part("choices").hidden = false;
  }
}

function showHelp() {
  const agent = navigator.userAgent;
  const mine = /iPad|iPhone|Macintosh.*Mobile/.test(agent) ? "ios" : /Android/.test(agent) ? "android" : "desktop";
  document.querySelector(`[data-help] [data-for="${mine}"]`).open = true;
}

/** Three soft notes upwards, from this page's own loudspeaker. */
function tone() {
  const out = sound();
  for (const [index, frequency] of [523, 659, 784].entries()) {
    const at = out.currentTime + 0.05 + index * 0.3;
    const note = out.createOscillator();
    const volume = out.createGain();
    note.frequency.value = frequency;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.2, at + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.6);
    note.connect(volume).connect(out.destination);
    note.start(at);
    note.stop(at + 0.65);
  }
  say("tone");
}

part("start").addEventListener("click", () => {
  sound();
  void open({ video: { facingMode: "user", width: 640, height: 360 }, audio: true });
});
part("tone").addEventListener("click", tone);
part("choices").addEventListener("change", () => {
  const chosen = (kind) => page.querySelector(`[data-pick="${kind}"]`).value;
  const exact = (id) => (id ? { deviceId: { exact: id } } : true);
  void open({ video: exact(chosen("videoinput")), audio: exact(chosen("audioinput")) });
});
addEventListener("pagehide", stop);
