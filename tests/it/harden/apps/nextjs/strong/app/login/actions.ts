'use server';

import { cookies } from 'next/headers';
import { redirect } from 'next/navigation';

import { check } from '@/lib/users';

export async function login(previous: unknown, form: FormData) {
  const user = await check(String(form.get('name')), String(form.get('password')));
  if (!user) {
    return { error: 'Wrong name or password.' };
  }
  (await cookies()).set('access_token', user.token, { httpOnly: true, secure: true, sameSite: 'lax' });
  (await cookies()).set('refresh_token', user.refresh, {
    httpOnly: true,
    secure: process.env.NODE_ENV !== 'development',
    sameSite: 'strict',
  });
  redirect('/');
}

export async function logout() {
  (await cookies()).set('access_token', '', { maxAge: 0 });
  redirect('/login');
}
