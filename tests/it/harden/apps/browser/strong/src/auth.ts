import { InMemoryWebStorage, UserManager, WebStorageStateStore } from 'oidc-client-ts';

export const manager = new UserManager({
  authority: 'https://id.example.com/realms/shop',
  client_id: 'shop-web',
  redirect_uri: `${window.location.origin}/callback`,
  response_type: 'code',
  scope: 'openid profile',
  // Tokens live in memory alone, not in localStorage.
  userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
});

export async function login(name: string, password: string): Promise<void> {
  // The server sets the session's cookie: HttpOnly, so that no script sees it.
  const response = await fetch('/api/login', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name, password }),
  });
  if (!response.ok) {
    throw new Error(`login failed: ${response.status}`);
  }
  localStorage.setItem('theme', 'dark');
  document.cookie = `lang=${navigator.language}; path=/; SameSite=Lax`;
}

export async function logout(): Promise<void> {
  localStorage.removeItem('access_token');
  document.cookie = 'session=; Max-Age=0; path=/';
  await fetch('/api/logout', { method: 'POST' });
  await manager.signoutRedirect();
}
