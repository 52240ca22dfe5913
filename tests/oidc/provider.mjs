// An OpenID provider for the tests: oidc-provider with clients, claims and lifetimes of the tests' choice, and a few addresses
// under /control by which a test changes its keys, signs what no provider would, and counts who asked for keys.
//
// node provider.mjs PORT '{"client": {"claims": {…}, "seconds": 300, "algorithm": "RS256"}, …}'
// Every client has the secret "secret".
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import Provider from 'oidc-provider';

const [port, clients] = [process.argv[2], JSON.parse(process.argv[3])];
const issuer = `http://127.0.0.1:${port}`;
const asked = { discovery: 0, keys: 0 };
let made = 0;
let current;

async function key(alg) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  made += 1;
  return { ...(await exportJWK(privateKey)), kid: `${alg}-${process.pid}-${made}`, alg, use: 'sig' };
}

// A provider with new keys; what it signed before is known no more.
async function renew() {
  const keys = [await key('RS256'), await key('ES256')];
  const provider = new Provider(issuer, {
    jwks: { keys },
    clients: Object.keys(clients).map((id) => ({
      client_id: id,
      client_secret: 'secret',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    extraTokenClaims: (_, token) => clients[token.clientId].claims,
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource, { clientId }) => ({
          scope: '',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: clients[clientId].seconds ?? 300,
          jwt: { sign: { alg: clients[clientId].algorithm ?? 'RS256' } },
        }),
      },
    },
  });
  current = { keys, answer: provider.callback() };
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString());
}

async function control(path, request) {
  switch (path) {
    case '/control/renew':
      return renew();
    case '/control/asked':
      return asked;
    case '/control/sign': {
      const { header, claims } = await body(request);
      const jwk = current.keys.find((key) => key.kid === header.kid) ?? current.keys[0];
      const signing = new SignJWT(claims).setProtectedHeader({ alg: jwk.alg, ...header });
      const { subtle } = globalThis.crypto;
      const way = jwk.kty === 'RSA'
        ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
        : { name: 'ECDSA', namedCurve: 'P-256' };
      const { alg, use, kid, ...bare } = jwk;
      const crit = Object.fromEntries((header.crit ?? []).map((name) => [name, true]));
      return { token: await signing.sign(await subtle.importKey('jwk', bare, way, false, ['sign']), { crit }) };
    }
    default:
      throw new Error(`there is no ${path}`);
  }
}

// Whoever started it is gone.
process.stdin.on('end', () => process.exit()).resume();

await renew();
createServer((request, response) => {
  const path = new URL(request.url, issuer).pathname;
  if (path.startsWith('/control/')) {
    control(path, request).then(
      (answer) => response.end(JSON.stringify(answer ?? {})),
      (error) => response.writeHead(500).end(String(error)),
    );
    return;
  }
  if (path === '/.well-known/openid-configuration') asked.discovery += 1;
  if (path === '/jwks') asked.keys += 1;
  current.answer(request, response);
}).listen(Number(port), '127.0.0.1');
