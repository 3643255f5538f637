<?php

return [

    'driver' => 'redis',

    'lifetime' => 60,

    'cookie' => 'admin',

    'path' => '/admin',

    'domain' => null,

    'secure' => true,

    'http_only' => true,

    'same_site' => 'strict',

];
