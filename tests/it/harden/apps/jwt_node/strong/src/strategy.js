'use strict';

const passport = require('passport');
const { Strategy: JwtStrategy, ExtractJwt } = require('passport-jwt');

const users = require('./users');

const options = {
  jwtFromRequest: ExtractJwt.fromExtractors([
    ExtractJwt.fromAuthHeaderAsBearerToken(),
  ]),
  secretOrKey: process.env.JWT_PUBLIC_KEY,
  algorithms: ['RS256'],
  issuer: 'https://id.example.com',
  audience: 'api',
};

passport.use(new JwtStrategy(options, (payload, done) => {
  users.find(payload.sub).then((user) => done(null, user || false), done);
}));

module.exports = passport;
