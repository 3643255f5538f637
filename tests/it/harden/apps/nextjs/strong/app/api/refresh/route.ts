import { NextResponse, type NextRequest } from 'next/server';

import { renew } from '@/lib/users';

const COOKIE = 'refresh_token';

export async function POST(request: NextRequest) {
  const old = request.cookies.get(COOKIE)?.value;
  const renewed = old && (await renew(old));
  if (!renewed) {
    return NextResponse.json({ error: 'expired' }, { status: 401 });
  }
  const response = NextResponse.json({ ok: true });
  response.cookies.set({
    name: 'access_token',
    value: renewed.access,
    path: '/',
    maxAge: 900,
    httpOnly: true,
    secure: true,
    sameSite: 'lax',
  });
  response.cookies.set(COOKIE, renewed.refresh, {
    path: '/api/refresh',
    httpOnly: true,
    secure: true,
    sameSite: 'strict',
  });
  return response;
}
