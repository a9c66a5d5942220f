// What @azure/identity must find; test_azure_identity.py runs this.
import { ClientSecretCredential } from "@azure/identity";

const {
  CERTSTATES_URL: server,
  CERTSTATES_CLIENT_ID: id,
  CERTSTATES_CLIENT_SECRET: secret,
} = process.env;
const options = { authorityHost: server, disableInstanceDiscovery: true };
const scope = `${server}/.default`;

const credential = new ClientSecretCredential("certstates", id, secret, options);
const { token } = await credential.getToken(scope);
const again = await credential.getToken(scope);
const answer = await fetch(
  `${server}/beta/deviceManagement/deviceConfigurationsAllManagedDeviceCertificateStates`,
  { headers: { Authorization: `Bearer ${token}` } },
);

const other = new ClientSecretCredential("certstates", id, "wrong", options);
const refused = await other.getToken(scope).catch((error) => error.message.split(":")[0]);

console.log(
  JSON.stringify({
    prefix: token.slice(0, 11),
    kept: again.token === token,
    status: answer.status,
    refused,
  }),
);
