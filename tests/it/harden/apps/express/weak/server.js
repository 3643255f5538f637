'use strict';

const express = require('express');
const session = require('express-session');
const cookieParser = require('cookie-parser');
const cors = require('cors');

const passport = require('./lib/passport');
const login = require('./routes/login');
const api = require('./routes/api');

const app = express();

app.set('view engine', 'pug');
app.use(express.urlencoded({ extended: false }));
app.use(express.json());
app.use(cookieParser('@SECRET@')); // weak: express-cookie-parser-secret

app.use(cors({ origin: true, credentials: true })); // unsure: express-cors-any

app.use(session({ // weak: express-session-not-secure, express-session-not-httponly, express-session-secret-written, express-session-long unsure: express-session-samesite-none
  name: 'sid',
  genid: () => Math.random().toString(36).slice(2), // weak: express-session-id-weak
  secret: '@SECRET@',
  resave: false,
  saveUninitialized: false,
  cookie: {
    httpOnly: false,
    sameSite: 'none',
    maxAge: 1000 * 60 * 60 * 24 * 365,
  },
}));

app.use(passport.initialize());
app.use(passport.session());

app.use('/', login);
app.use('/api', api);

app.use((req, res) => {
  res.status(404).render('404', { path: req.path });
});

app.use((err, req, res, next) => {
  console.error(err);
  res.status(500).render('error');
});

app.listen(process.env.PORT || 3000, () => {
  console.log('listening');
});
