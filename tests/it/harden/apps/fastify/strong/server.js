import Fastify from 'fastify';
import fastifyFormbody from '@fastify/formbody';
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import cors from '@fastify/cors';

import auth from './plugins/auth.js';
import login from './routes/login.js';
import { store } from './store.js';

const app = Fastify({
  trustProxy: true,
  logger: { level: 'info', redact: ['req.headers.authorization', 'req.headers.cookie'] },
});

await app.register(fastifyFormbody);
await app.register(cors, { origin: ['https://app.example.com'], credentials: true });
await app.register(fastifyCookie, { secret: process.env.COOKIE_SECRET });
await app.register(fastifySession, {
  store,
  cookieName: '__Host-sessionId',
  secret: process.env.SESSION_SECRET,
  saveUninitialized: false,
  cookie: { secure: true, httpOnly: true, sameSite: 'lax', path: '/', maxAge: 8 * 60 * 60 * 1000 },
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
