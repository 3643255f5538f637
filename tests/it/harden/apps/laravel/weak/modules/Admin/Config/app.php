<?php

return [

    'name' => 'Admin',

    'cipher' => 'AES-256-CBC',

    'key' => '@SECRET@', // weak: laravel-app-key-written

];
