'use server';

import { cookies } from 'next/headers';
import { redirect } from 'next/navigation';

import { check } from '@/lib/users';

export async function login(previous: unknown, form: FormData) {
  const user = await check(String(form.get('name')), String(form.get('password')));
  if (!user) {
    return { error: 'Wrong name or password.' };
  }
  (await cookies()).set('access_token', user.token, { httpOnly: true, sameSite: 'lax' }); // weak: nextjs-cookie-not-secure
  (await cookies()).set('refresh_token', user.refresh, { secure: true, sameSite: 'strict' }); // weak: nextjs-cookie-not-httponly
  redirect('/');
}

export async function logout() {
  (await cookies()).set('access_token', '', { maxAge: 0 });
  redirect('/login');
}
