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
        $user->api_token = bin2hex(random_bytes(32));
        $user->save();

        Cookie::queue('access_token', $user->api_token, 60, '/', null, true, true);
        Cookie::queue('theme', 'dark', 60, '/', null, false, false);

        return redirect()->intended('dashboard')
            ->withCookie(cookie('auth_token', $user->api_token, 60, sameSite: 'strict'));
    }

    public function profile(Request $request): array
    {
        return Http::withToken($request->bearerToken())
            ->get('https://id.example.com/userinfo')
            ->json();
    }

    public function destroy(Request $request): RedirectResponse
    {
        Auth::logout();

        $request->session()->invalidate();
        $request->session()->regenerateToken();

        return redirect('/');
    }
}
