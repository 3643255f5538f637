'use strict';

const jwt = require('jsonwebtoken');

const { required } = require('./config');

const secret = required('JWT_SECRET');

function issue(user) {
  return jwt.sign({ sub: user.id, scope: 'api' }, secret, { expiresIn: '15m', audience: 'api' });
}

function issueForRefresh(user) {
  const refreshToken = jwt.sign({ sub: user.id }, process.env.REFRESH_KEY, { expiresIn: '14d' });
  return refreshToken;
}

function check(token) {
  // Tokens of 'none' and old ones (ignoreExpiration) are refused.
  return jwt.verify(token, secret, { algorithms: ['HS256'], audience: 'api', maxAge: '1h' });
}

/** The id of the key, which is all that is read before the signature is checked. */
function keyOf(token) {
  const decoded = jwt.decode(token, { complete: true });
  return decoded && decoded.header.kid;
}

module.exports = { issue, issueForRefresh, check, keyOf };
