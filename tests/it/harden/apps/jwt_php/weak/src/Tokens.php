<?php

declare(strict_types=1);

namespace Shop;

use Firebase\JWT\JWT;
use Firebase\JWT\Key;

final class Tokens
{
    public function issue(int $user): string
    {
        $now = time();
        $payload = [
            'iss' => 'https://id.example.com',
            'aud' => 'https://api.example.com',
            'iat' => $now,
            'exp' => $now + 60 * 60 * 24 * 30, // unsure: php-jwt-long
            'sub' => $user,
        ];

        return JWT::encode($payload, '@SECRET@', 'HS256'); // weak: php-jwt-secret-written
    }

    public function read(string $jwt): object
    {
        return JWT::decode($jwt, new Key('@SECRET@', 'HS256')); // weak: php-jwt-secret-written
    }
}
