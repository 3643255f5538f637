import { readFileSync } from 'node:fs';
import fp from 'fastify-plugin';
import fastifyJwt from '@fastify/jwt';
import oauthPlugin from '@fastify/oauth2';

export default fp(async (fastify) => {
  fastify.register(fastifyJwt, {
    secret: {
      private: readFileSync('/run/keys/jwt.pem', 'utf8'),
      public: readFileSync('/run/keys/jwt.pub', 'utf8'),
    },
    cookie: { cookieName: '__Host-token', signed: false },
    sign: { algorithm: 'ES256', iss: 'https://api.example.com', expiresIn: '15m' },
    verify: { algorithms: ['ES256'], allowedIss: 'https://api.example.com' },
  });

  fastify.register(oauthPlugin, {
    name: 'githubOAuth2',
    scope: ['read:user'],
    credentials: {
      client: { id: process.env.GITHUB_ID, secret: process.env.GITHUB_SECRET },
      auth: oauthPlugin.GITHUB_CONFIGURATION,
    },
    startRedirectPath: '/login/github',
    callbackUri: 'https://api.example.com/login/github/callback',
    pkce: 'S256',
  });

  fastify.decorate('authenticate', async (request, reply) => {
    try {
      await request.jwtVerify();
    } catch (err) {
      reply.code(401).send(err);
    }
  });
});
