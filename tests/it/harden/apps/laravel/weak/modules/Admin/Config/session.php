<?php

return [

    'driver' => 'redis',

    'lifetime' => 60,

    'cookie' => 'admin',

    'path' => '/admin',

    'domain' => null,

    'secure' => env('ADMIN_SECURE_COOKIE', false), // unsure: laravel-session-secure-off-by-default

    'http_only' => true,

    'same_site' => null, // unsure: laravel-session-samesite-missing

];
