'use strict';

const jwt = require('jsonwebtoken');

const secret = process.env.JWT_SECRET || '@SECRET@'; // weak: js-jwt-secret-fallback

const MAIL_SECRET = '@SECRET@';

function issue(user) {
  return jwt.sign({ sub: user.id, scope: 'api' }, secret, { expiresIn: '30d' }); // unsure: js-jwt-long
}

function issueForever(user) {
  return jwt.sign({ sub: user.id }, secret); // unsure: js-jwt-no-expiry
}

function issueForMail(user) {
  return jwt.sign({ sub: user.id }, '@SECRET@', { expiresIn: '1h' }); // weak: js-jwt-secret-written
}

function issueForLink(user) {
  return jwt.sign({ sub: user.id }, MAIL_SECRET, { expiresIn: '1h' }); // weak: js-jwt-secret-written
}

function issueForRefresh(user) {
  const refreshToken = jwt.sign({ sub: user.id }, process.env.REFRESH_KEY, { expiresIn: '14d' });
  return refreshToken;
}

function check(token) {
  return jwt.verify(token, secret, { algorithms: ['HS256', 'none'] }); // weak: js-jwt-none
}

function checkAny(token) {
  return jwt.verify(token, secret); // unsure: js-jwt-algorithm-not-pinned
}

function checkOld(token) {
  return jwt.verify(token, secret, { algorithms: ['HS256'], ignoreExpiration: true }); // weak: js-jwt-expiry-ignored
}

module.exports = { issue, issueForever, issueForMail, issueForLink, issueForRefresh, check, checkAny, checkOld };
