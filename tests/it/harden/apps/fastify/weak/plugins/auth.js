import fp from 'fastify-plugin';
import fastifyJwt from '@fastify/jwt';
import oauthPlugin from '@fastify/oauth2';

export default fp(async (fastify) => {
  fastify.register(fastifyJwt, { // weak: fastify-session-secret-written
    secret: '@SECRET@',
    cookie: { cookieName: 'token', signed: false },
    sign: {
      iss: 'https://api.example.com',
      expiresIn: '90d', // unsure: js-jwt-long
    },
    verify: {
      allowedIss: 'https://api.example.com',
      ignoreExpiration: true, // weak: js-jwt-expiry-ignored
    },
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
