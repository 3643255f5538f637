'use strict';

const express = require('express');
const jwt = require('jsonwebtoken');

const passport = require('../lib/passport');
const users = require('../lib/users');

const AUTH_COOKIE = '__Host-auth_token';
const THEME_COOKIE = 'theme';
const options = { secure: true, httpOnly: true, sameSite: 'strict', path: '/' };

const router = express.Router();

router.get('/login', (req, res) => {
  res.cookie('csrf_token', req.csrfToken(), { secure: true, sameSite: 'strict' });
  res.render('login');
});

router.post('/login', async (req, res, next) => {
  const user = await users.check(req.body.name, req.body.password);
  if (!user) {
    return res.status(401).render('login', { wrong: true });
  }
  // A session of its own for who signed in.
  req.session.regenerate((err) => {
    if (err) return next(err);
    req.session.user = user.id;
    const token = jwt.sign({ sub: user.id }, process.env.JWT_SECRET, { algorithm: 'HS256', expiresIn: '15m' });
    res.cookie(THEME_COOKIE, user.theme, { sameSite: 'lax' });
    res.cookie('access_token', token, { httpOnly: true, secure: true, sameSite: 'lax' });
    res.cookie('refresh_token', users.refresh(user), options);
    res.cookie(AUTH_COOKIE, token, { ...options, maxAge: 15 * 60 * 1000 });
    res.redirect('/');
  });
});

router.post('/logout', (req, res, next) => {
  req.session.destroy((err) => {
    if (err) return next(err);
    res.clearCookie('__Host-sid', options);
    res.clearCookie('access_token');
    res.redirect('/login');
  });
});

router.get('/login/github', passport.authenticate('github'));
router.get('/login/github/callback', passport.authenticate('github', { failureRedirect: '/login' }), (req, res) => {
  res.redirect('/');
});

module.exports = router;
