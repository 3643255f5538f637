import { getIronSession, type SessionOptions } from 'iron-session';
import { cookies } from 'next/headers';

export interface SessionData {
  username: string;
  isLoggedIn: boolean;
}

export const defaultSession: SessionData = { username: '', isLoggedIn: false };

export const sessionOptions: SessionOptions = {
  password: '@SECRET@', // weak: nextjs-iron-session-password
  cookieName: 'admin',
  cookieOptions: { secure: process.env.NODE_ENV === 'production' },
};

export async function getSession() {
  const session = await getIronSession<SessionData>(await cookies(), sessionOptions);
  if (!session.isLoggedIn) {
    session.username = defaultSession.username;
  }
  return session;
}
