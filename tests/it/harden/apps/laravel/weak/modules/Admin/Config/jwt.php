<?php

return [

    'secret' => env('ADMIN_JWT_SECRET'),

    'ttl' => env('ADMIN_JWT_TTL', null), // weak: laravel-jwt-no-expiry

    'refresh_ttl' => 20160,

    'blacklist_enabled' => true,

];
