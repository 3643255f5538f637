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
            'exp' => $now + 900,
            'sub' => $user,
        ];

        return JWT::encode($payload, getenv('JWT_SECRET'), 'HS256');
    }

    public function read(string $jwt): object
    {
        return JWT::decode($jwt, new Key(getenv('JWT_SECRET'), 'HS256'));
    }
}
