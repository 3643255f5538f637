'use strict';

const express = require('express');
const cookieSession = require('cookie-session');

const users = require('./lib/users');

const app = express();
app.use(express.urlencoded({ extended: false }));

app.use(cookieSession({
  name: '__Host-admin',
  keys: [process.env.KEY, process.env.PREVIOUS_KEY],
  secure: true,
  sameSite: 'strict',
  maxAge: 8 * 60 * 60 * 1000,
}));

app.get('/login', (req, res) => res.render('login'));

app.post('/login', async (req, res) => {
  const user = await users.check(req.body.name, req.body.password);
  if (!user || !user.admin) {
    return res.status(401).render('login', { wrong: true });
  }
  req.session = { user: user.id };
  res.cookie('__Host-admin-hint', user.name, { secure: true, httpOnly: true, path: '/' });
  res.redirect('/');
});

app.post('/logout', (req, res) => {
  req.session = null;
  res.redirect('/login');
});

module.exports = app;
