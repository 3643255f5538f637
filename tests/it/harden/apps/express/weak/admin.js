'use strict';

const express = require('express');
const cookieSession = require('cookie-session');
const cookieParser = require('cookie-parser');

const users = require('./lib/users');

const app = express();
app.use(express.urlencoded({ extended: false }));
app.use(cookieParser(process.env.COOKIE_SECRET));

app.use(cookieSession({ // weak: express-session-secure-off, express-session-secret-written
  name: 'admin',
  keys: ['@SECRET@', process.env.PREVIOUS_KEY],
  secure: false,
  sameSite: 'lax',
  maxAge: 8 * 60 * 60 * 1000,
}));

app.get('/login', (req, res) => res.render('login'));

app.post('/login', async (req, res) => {
  const user = await users.check(req.body.name, req.body.password);
  if (!user || !user.admin) {
    return res.status(401).render('login', { wrong: true });
  }
  req.session = { user: user.id };
  res.cookie('__Host-admin', user.id, { secure: true, httpOnly: true, domain: 'example.com' }); // weak: express-cookie-prefix
  res.redirect('/');
});

app.post('/logout', (req, res) => {
  req.session = null;
  res.redirect('/login');
});

module.exports = app;
