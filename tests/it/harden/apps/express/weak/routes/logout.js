'use strict';

const express = require('express');
const session = require('express-session');

const { store, secret } = require('../lib/config');

const router = express.Router();

router.use(session({ // weak: express-session-secret-fallback
  store,
  secret: secret || '@SECRET@',
  resave: false,
  saveUninitialized: false,
  cookie: { secure: 'auto', sameSite: 'lax' },
}));

router.post('/logout', (req, res) => {
  res.clearCookie('connect.sid'); // unsure: express-logout-cookie-only
  res.redirect('/login');
});

module.exports = router;
