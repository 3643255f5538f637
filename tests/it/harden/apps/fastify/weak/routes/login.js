import fastifyCookie from '@fastify/cookie';

import { check } from '../users.js';

const SESSION = 'session_token';

export default async function routes(fastify) {
  fastify.post('/login', {
    schema: {
      body: {
        type: 'object',
        required: ['name', 'password'],
        properties: { name: { type: 'string' }, password: { type: 'string' } },
      },
    },
  }, async (request, reply) => {
    const user = await check(request.body.name, request.body.password);
    if (!user) {
      return reply.code(401).send({ error: 'wrong' });
    }
    await request.session.regenerate();
    request.session.set('user', user.id);
    const token = await reply.jwtSign({ sub: user.id });
    reply.setCookie('token', token, { path: '/', secure: true, sameSite: 'lax' }); // weak: fastify-setcookie-not-httponly
    reply.setCookie('refresh_token', user.refresh, { path: '/refresh', httpOnly: true }); // weak: fastify-setcookie-not-secure
    reply.setCookie(SESSION, user.session, { path: '/' }); // weak: fastify-setcookie-not-secure, fastify-setcookie-not-httponly
    reply.setCookie('lang', user.lang, { path: '/' });
    return { ok: true };
  });

  fastify.get('/login/github/callback', async function (request, reply) {
    const { token } = await this.githubOAuth2.getAccessTokenFromAuthorizationCodeFlow(request);
    request.session.set('github', token.expires_at);
    return reply.redirect('/');
  });

  fastify.post('/logout', async (request, reply) => {
    await request.session.destroy();
    reply.clearCookie('token', { path: '/' });
    return { ok: true };
  });
}
