<?php

declare(strict_types=1);

require __DIR__ . '/../src/bootstrap.php';

unset($_SESSION['user_id']);
setcookie('auth_token', '', time() - 3600, '/');
header('Location: /login.php');
