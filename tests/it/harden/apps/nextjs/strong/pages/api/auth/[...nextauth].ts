import NextAuth, { type NextAuthOptions } from 'next-auth';
import CredentialsProvider from 'next-auth/providers/credentials';
import GithubProvider from 'next-auth/providers/github';

import { check } from '@/lib/users';

export const authOptions: NextAuthOptions = {
  providers: [
    GithubProvider({
      clientId: process.env.GITHUB_ID!,
      clientSecret: process.env.GITHUB_SECRET!,
      checks: ['pkce', 'state'],
    }),
    CredentialsProvider({
      name: 'Password',
      credentials: { name: { label: 'Name', type: 'text' }, password: { label: 'Password', type: 'password' } },
      async authorize(credentials) {
        return check(credentials?.name, credentials?.password);
      },
    }),
  ],
  secret: process.env.NEXTAUTH_SECRET,
  session: { strategy: 'jwt', maxAge: 8 * 60 * 60 },
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
