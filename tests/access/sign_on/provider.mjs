// A provider for the tests: `node provider.mjs MODULE`. Each name signs in as itself; it prints its address.
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const [module] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(module).href);
const groups = { doc: ["doctors"], boss: ["reprieve-admins", "doctors"], guest: [] };

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: "reprieve", client_secret: "a secret + of the client", redirect_uris: ["http://127.0.0.1:8000/"] }],
    conformIdTokenClaims: false,
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["preferred_username", "groups"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: `${id}@clinic.example`,
        email_verified: id !== "unverified",
        preferred_username: `${id} of the clinic`,
        groups: groups[id] ?? ["doctors"],
      }),
    }),
    features: { devInteractions: { enabled: true } },
    pkce: { required: () => true },
  });
  provider.Client.prototype.redirectUriAllowed = () => true; // each clinic of each test has its own
  server.on("request", provider.callback());
  console.log(issuer);
});
