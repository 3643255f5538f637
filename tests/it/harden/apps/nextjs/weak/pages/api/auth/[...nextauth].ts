import NextAuth, { type NextAuthOptions } from 'next-auth';
import CredentialsProvider from 'next-auth/providers/credentials';
import GithubProvider from 'next-auth/providers/github';

import { check } from '@/lib/users';

export const authOptions: NextAuthOptions = {
  providers: [
    GithubProvider({
      clientId: process.env.GITHUB_ID!,
      clientSecret: process.env.GITHUB_SECRET!,
      checks: ['none'], // weak: nextjs-nextauth-checks-off
    }),
    CredentialsProvider({
      name: 'Password',
      credentials: { name: { label: 'Name', type: 'text' }, password: { label: 'Password', type: 'password' } },
      async authorize(credentials) {
        return check(credentials?.name, credentials?.password);
      },
    }),
  ],
  secret: '@SECRET@', // weak: nextjs-nextauth-secret-written
  useSecureCookies: false, // weak: nextjs-nextauth-insecure-cookies
  session: { strategy: 'jwt', maxAge: 365 * 24 * 60 * 60 }, // weak: nextjs-nextauth-session-long
  callbacks: {
    async jwt({ token, account }) {
      if (account) token.provider = account.provider;
      return token;
    },
    async session({ session, token }) {
      return { ...session, provider: token.provider };
    },
  },
  pages: { signIn: '/login' },
};

export default NextAuth(authOptions);
