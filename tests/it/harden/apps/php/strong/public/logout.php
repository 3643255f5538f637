<?php

declare(strict_types=1);

require __DIR__ . '/../src/bootstrap.php';

$_SESSION = [];
session_destroy();
setcookie(session_name(), '', ['expires' => 1, 'path' => '/', 'secure' => true, 'httponly' => true]);
setcookie('auth_token', '', time() - 3600, '/');
header('Location: /login.php');
