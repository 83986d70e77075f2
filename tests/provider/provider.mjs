// A certified OpenID Connect provider for the tests: discovery, code flow with PKCE, signed tokens. Its people come
// with the command line. Prints its address when it listens.
//
//   node provider.mjs PORT CALLBACKS PEOPLE
//
// CALLBACKS and PEOPLE are JSON: a list of addresses, and claims by subject. Whoever asks says who they are by
// `login_hint`, or in the one field of the page.

import { Provider } from "oidc-provider";

const [port, callbacks, people] = [process.argv[2], JSON.parse(process.argv[3]), JSON.parse(process.argv[4])];
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [{ client_id: "circletime", client_secret: "s".repeat(32), redirect_uris: callbacks }],
  pkce: { required: () => true },
  conformIdTokenClaims: false,
  claims: {
    openid: ["sub"],
    email: ["email", "email_verified", "xms_edov"],
    profile: ["name", "hd", "tid"],
  },
  features: { devInteractions: { enabled: false } },
  cookies: { keys: ["only for tests"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid email profile");
    await grant.save();
    return grant;
  },
});

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/sign-in/")) return next();
  const asked = await provider.interactionDetails(ctx.req, ctx.res);
  const who = ctx.query.who ?? asked.params.login_hint;
  if (!who) {
    ctx.body = `<!doctype html><title>The school's own sign-in</title><form>
      <label>Who are you? <input name="who"></label><button>It is me</button></form>`;
    return;
  }
  const result =
    who === "nobody" ? { error: "access_denied", error_description: "called off" } : { login: { accountId: who } };
  await provider.interactionFinished(ctx.req, ctx.res, result);
});

const { createServer } = await import("node:http");
createServer(provider.callback()).listen(Number(port), "127.0.0.1", () => console.log(issuer));
