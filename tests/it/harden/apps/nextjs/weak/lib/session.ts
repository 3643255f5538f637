import 'server-only';

import { SignJWT, jwtVerify } from 'jose';
import { cookies } from 'next/headers';
import { redirect } from 'next/navigation';

const key = new TextEncoder().encode(process.env.SESSION_SECRET);

export type Session = { user: string; expires: Date };

export async function encrypt(session: Session): Promise<string> {
  return new SignJWT(session)
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime('1d')
    .sign(key);
}

export async function decrypt(value: string | undefined = ''): Promise<Session | null> {
  try {
    const { payload } = await jwtVerify<Session>(value, key, { algorithms: ['HS256'] });
    return payload;
  } catch {
    return null;
  }
}

export async function createSession(user: string): Promise<void> {
  const expires = new Date(Date.now() + 24 * 60 * 60 * 1000);
  const session = await encrypt({ user, expires });
  const cookieStore = await cookies();
  cookieStore.set('session', session, { // weak: nextjs-cookie-not-secure, nextjs-cookie-not-httponly
    expires,
    path: '/',
  });
  cookieStore.set('theme', 'dark');
}

export async function verifySession(): Promise<Session> {
  const cookie = (await cookies()).get('session')?.value;
  const session = await decrypt(cookie);
  if (!session?.user) {
    redirect('/login');
  }
  return session;
}

export async function deleteSession(): Promise<void> {
  const cookieStore = await cookies();
  cookieStore.delete('session');
}
