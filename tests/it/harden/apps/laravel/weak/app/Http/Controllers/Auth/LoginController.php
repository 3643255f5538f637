<?php

namespace App\Http\Controllers\Auth;

use App\Http\Controllers\Controller;
use Illuminate\Http\RedirectResponse;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\Cookie;
use Illuminate\Support\Facades\Http;
use Illuminate\View\View;

class LoginController extends Controller
{
    public function create(): View
    {
        return view('auth.login');
    }

    public function authenticate(Request $request): RedirectResponse
    {
        $credentials = $request->validate([
            'email' => ['required', 'email'],
            'password' => ['required'],
        ]);

        if (! Auth::attempt($credentials, $request->boolean('remember'))) {
            return back()->withErrors(['email' => 'The credentials do not match.'])->onlyInput('email');
        }

        $request->session()->regenerate();

        $user = $request->user();
        $user->api_token = md5(uniqid()); // unsure: php-token-weak-random
        $user->save();

        Cookie::queue('access_token', $user->api_token, 60, '/', null, false, true); // weak: laravel-cookie-not-secure
        Cookie::queue('theme', 'dark', 60, '/', null, false, false);

        return redirect()->intended('dashboard')
            ->withCookie(cookie('auth_token', $user->api_token, 60, httpOnly: false)); // weak: laravel-cookie-not-httponly
    }

    public function profile(Request $request): array
    {
        return Http::withoutVerifying() // weak: php-tls-unverified-client
            ->withToken($request->bearerToken())
            ->get('https://id.example.com/userinfo')
            ->json();
    }

    public function destroy(Request $request): RedirectResponse
    {
        Auth::logout(); // unsure: laravel-logout-session-kept

        return redirect('/');
    }
}
