<?php

declare(strict_types=1);

use Firebase\JWT\JWT;
use Firebase\JWT\Key;

require __DIR__ . '/../vendor/autoload.php';

$key = '@SECRET@';
$payload = ['sub' => $argv[1], 'exp' => time() + 3600];

$jwt = JWT::encode($payload, $key, 'HS256'); // weak: php-jwt-secret-written
$decoded = JWT::decode($jwt, new Key($key, 'HS256')); // weak: php-jwt-secret-written

echo 'https://shop.example.com/confirm?t=', $jwt, "\n";
