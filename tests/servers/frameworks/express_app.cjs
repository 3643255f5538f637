// Express with express-session: express_app.cjs good|bad PORT [KEY CERTIFICATE]; packages are found by NODE_PATH.
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const https = require('https');
const express = require('express');
const session = require('express-session');

const [how, port, key, cert] = process.argv.slice(2);
const app = express();
const secret = crypto.randomBytes(32).toString('hex');
if (how === 'good') {
  app.use((request, response, next) => {
    response.set('Strict-Transport-Security', 'max-age=31536000; includeSubDomains');
    response.set('Cache-Control', 'no-store');
    next();
  });
  const cookie = { secure: true, httpOnly: true, sameSite: 'lax', maxAge: 3600000 };
  app.use(session({ name: '__Host-sid', secret, resave: false, saveUninitialized: false, cookie }));
} else {
  const genid = () => Date.now().toString();
  app.use(session({ secret, resave: false, saveUninitialized: true, genid, cookie: { httpOnly: false } }));
}
app.get('/', (request, response) => {
  request.session.seen = true;
  response.send('hello');
});
const server = key ? https.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(cert) }, app) : http.createServer(app);
server.listen(Number(port), '127.0.0.1');
