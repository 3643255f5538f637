<?php

declare(strict_types=1);

namespace Shop;

/** The session of the back office. */
final class Session
{
    public function start(): void
    {
        session_name('office');
        session_set_cookie_params([ // weak: php-session-params-not-secure, php-session-params-not-httponly
            'lifetime' => 0,
            'path' => '/office',
            'secure' => false,
            'httponly' => false,
            'samesite' => 'Strict',
        ]);
        session_start();
    }

    public function close(): void
    {
        $_SESSION = [];
        session_destroy();
    }

    public function api(string $path): string
    {
        $curl = curl_init('https://backend.example.com' . $path);
        curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
        curl_setopt($curl, CURLOPT_HTTPHEADER, ['Authorization: Bearer ' . getenv('API_TOKEN')]); // unsure: php-tls-unverified-token
        curl_setopt($curl, CURLOPT_SSL_VERIFYPEER, false); // unsure: php-tls-unverified

        return (string) curl_exec($curl);
    }
}
