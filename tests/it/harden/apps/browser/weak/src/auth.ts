import { UserManager, WebStorageStateStore } from 'oidc-client-ts';

export const manager = new UserManager({
  authority: 'https://id.example.com/realms/shop',
  client_id: 'shop-web',
  redirect_uri: `${window.location.origin}/callback`,
  response_type: 'id_token token', // weak: js-oauth-implicit
  scope: 'openid profile',
  disablePKCE: true, // weak: js-oauth-pkce-off
  userStore: new WebStorageStateStore({ store: window.sessionStorage }),
});

interface Answer {
  token: string;
  refresh: string;
}

export async function login(name: string, password: string): Promise<void> {
  const response = await fetch('/api/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });
  if (!response.ok) {
    throw new Error(`login failed: ${response.status}`);
  }
  const answer = (await response.json()) as Answer;
  localStorage.setItem('access_token', answer.token); // weak: js-token-in-storage
  localStorage.refreshToken = answer.refresh; // weak: js-token-in-storage-property
  localStorage.setItem('theme', 'dark');
  document.cookie = `session=${answer.token}; path=/; SameSite=Lax`; // weak: js-cookie-written-by-script
}

export function logout(): void {
  localStorage.removeItem('access_token');
  document.cookie = 'session=; Max-Age=0; path=/';
  manager.signoutRedirect();
}
