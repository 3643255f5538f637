import Fastify from 'fastify';
import fastifyFormbody from '@fastify/formbody';
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import cors from '@fastify/cors';

import auth from './plugins/auth.js';
import login from './routes/login.js';
import { store } from './store.js';

const app = Fastify({
  logger: { level: 'info', redact: ['req.headers.authorization'] },
});

await app.register(fastifyFormbody);
await app.register(cors, { origin: true, credentials: true }); // unsure: fastify-cors-any
await app.register(fastifyCookie, { secret: '@SECRET@' }); // weak: fastify-session-secret-written
await app.register(fastifySession, { // weak: fastify-session-secret-written, fastify-session-secure-off, fastify-session-not-httponly, fastify-session-long unsure: fastify-session-samesite-none
  store,
  cookieName: 'sessionId',
  secret: '@SECRET@',
  saveUninitialized: false,
  cookie: {
    secure: false,
    httpOnly: false,
    sameSite: 'none',
    maxAge: 365 * 24 * 60 * 60 * 1000,
  },
});

await app.register(auth);
await app.register(login);

app.get('/', { onRequest: [app.authenticate] }, async (request) => {
  return { hello: request.user.name };
});

app.setErrorHandler((error, request, reply) => {
  request.log.error(error);
  reply.code(error.statusCode ?? 500).send({ error: 'failed' });
});

await app.listen({ port: Number(process.env.PORT ?? 3000), host: '0.0.0.0' });
