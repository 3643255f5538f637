<?php

return [

    'secret' => env('ADMIN_JWT_SECRET'),

    'ttl' => env('ADMIN_JWT_TTL', 15),

    'refresh_ttl' => 20160,

    'blacklist_enabled' => true,

];
