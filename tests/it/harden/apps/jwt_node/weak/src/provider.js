import Provider from 'oidc-provider';

import { findAccount } from './accounts.js';

export const provider = new Provider('https://id.example.com', {
  clients: [{
    client_id: 'web',
    client_secret: process.env.CLIENT_SECRET,
    redirect_uris: ['https://app.example.com/callback'],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'],
  }],
  cookies: { keys: [process.env.COOKIE_KEY] },
  findAccount,
  rotateRefreshToken: false, // weak: js-oauth-refresh-kept
  ttl: { AccessToken: 900, RefreshToken: 14 * 24 * 60 * 60 },
});
