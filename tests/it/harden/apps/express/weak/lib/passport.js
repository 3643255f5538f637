'use strict';

const passport = require('passport');
const GitHubStrategy = require('passport-github2').Strategy;

const users = require('./users');

passport.use(new GitHubStrategy({ // weak: js-oauth-state-off
  clientID: process.env.GITHUB_CLIENT_ID,
  clientSecret: process.env.GITHUB_CLIENT_SECRET,
  callbackURL: 'https://app.example.com/login/github/callback',
}, (accessToken, refreshToken, profile, done) => {
  users.ofGitHub(profile).then((user) => done(null, user), done);
}));

passport.serializeUser((user, done) => done(null, user.id));
passport.deserializeUser((id, done) => users.find(id).then((user) => done(null, user), done));

module.exports = passport;
