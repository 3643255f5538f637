'use strict';

const express = require('express');
const jwt = require('jsonwebtoken');

const passport = require('../lib/passport');
const users = require('../lib/users');

const AUTH_COOKIE = 'auth_token';
const THEME_COOKIE = 'theme';

const router = express.Router();

router.get('/login', (req, res) => {
  res.render('login', { csrf: req.csrfToken() });
});

router.post('/login', async (req, res) => {
  const user = await users.check(req.body.name, req.body.password);
  if (!user) {
    return res.status(401).render('login', { wrong: true });
  }
  req.session.user = user.id; // unsure: express-login-session-kept
  const token = jwt.sign({ sub: user.id }, process.env.JWT_SECRET, { algorithm: 'HS256', expiresIn: '15m' });
  res.cookie(THEME_COOKIE, user.theme, { sameSite: 'lax' });
  res.cookie('access_token', token, { httpOnly: true, sameSite: 'lax' }); // weak: express-cookie-not-secure
  res.cookie('refresh_token', users.refresh(user), { secure: true, sameSite: 'strict', path: '/refresh' }); // weak: express-cookie-not-httponly
  res.cookie(AUTH_COOKIE, token, { path: '/' }); // weak: express-cookie-not-secure, express-cookie-not-httponly
  res.redirect('/');
});

router.get('/login/github', passport.authenticate('github'));
router.get('/login/github/callback', passport.authenticate('github', { failureRedirect: '/login' }), (req, res) => {
  res.redirect('/');
});

module.exports = router;
