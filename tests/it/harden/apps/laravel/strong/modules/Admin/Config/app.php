<?php

return [

    'name' => 'Admin',

    'cipher' => 'AES-256-CBC',

    'key' => env('APP_KEY'),

];
