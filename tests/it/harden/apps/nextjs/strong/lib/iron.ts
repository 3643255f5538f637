import { getIronSession, type SessionOptions } from 'iron-session';
import { cookies } from 'next/headers';

export interface SessionData {
  username: string;
  isLoggedIn: boolean;
}

export const defaultSession: SessionData = { username: '', isLoggedIn: false };

export const sessionOptions: SessionOptions = {
  password: process.env.SESSION_PASSWORD!,
  cookieName: 'admin',
  cookieOptions: { secure: process.env.NODE_ENV === 'production', maxAge: 8 * 60 * 60 },
};

export async function getSession() {
  const session = await getIronSession<SessionData>(await cookies(), sessionOptions);
  if (!session.isLoggedIn) {
    session.username = defaultSession.username;
  }
  return session;
}
