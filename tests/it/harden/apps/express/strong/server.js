'use strict';

const crypto = require('node:crypto');
const express = require('express');
const session = require('express-session');
const cookieParser = require('cookie-parser');
const cors = require('cors');
const { RedisStore } = require('connect-redis');
const { createClient } = require('redis');

const passport = require('./lib/passport');
const login = require('./routes/login');
const api = require('./routes/api');

const redis = createClient({ url: process.env.REDIS_URL });
redis.connect().catch(console.error);

const app = express();

app.set('trust proxy', 1);
app.set('view engine', 'pug');
app.use(express.urlencoded({ extended: false }));
app.use(express.json());
app.use(cookieParser(process.env.COOKIE_SECRET));

app.use(cors({ origin: ['https://app.example.com'], credentials: true }));

app.use(session({
  store: new RedisStore({ client: redis, prefix: 'sess:' }),
  name: '__Host-sid',
  genid: () => crypto.randomBytes(32).toString('base64url'),
  secret: [process.env.SESSION_SECRET, process.env.PREVIOUS_SECRET],
  resave: false,
  saveUninitialized: false,
  cookie: {
    // Never 'none': nobody embeds this site.
    secure: true,
    httpOnly: true,
    sameSite: 'lax',
    maxAge: 1000 * 60 * 60 * 8,
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
