'use strict';

const https = require('node:https');
const jwt = require('jsonwebtoken');

const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false }); // unsure: js-tls-unverified

function who(token) {
  const claims = jwt.decode(token); // unsure: js-jwt-decoded-unverified
  return claims && claims.sub;
}

function forward(request, path) {
  return https.request({
    agent,
    host: 'backend.example.com',
    path,
    headers: { authorization: request.headers.authorization, 'x-user': who(request.headers.authorization) },
  });
}

module.exports = { forward };
