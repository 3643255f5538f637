'use strict';

const express = require('express');
const jwt = require('jsonwebtoken');

const router = express.Router();

function bearer(req) {
  const header = req.get('Authorization') || '';
  return header.startsWith('Bearer ') ? header.slice(7) : req.query.access_token; // unsure: express-token-query
}

router.use((req, res, next) => {
  try {
    req.user = jwt.verify(bearer(req), process.env.JWT_SECRET, { algorithms: ['HS256'] });
    next();
  } catch (err) {
    res.status(401).json({ error: 'invalid_token' });
  }
});

router.get('/me', (req, res) => {
  res.json({ id: req.user.sub, page: req.query.page });
});

module.exports = router;
