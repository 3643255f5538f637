<?php

declare(strict_types=1);

ini_set('session.use_strict_mode', 0); // weak: php-session-strict-off
ini_set('session.use_only_cookies', '0'); // weak: php-session-use-only-cookies-off
ini_set('session.use_trans_sid', '1'); // weak: php-session-trans-sid
ini_set('session.cookie_httponly', '0'); // unsure: php-session-httponly-off
ini_set('session.cookie_secure', '0'); // unsure: php-session-secure-off
ini_set('session.cookie_samesite', 'None'); // unsure: php-session-samesite-none
ini_set('session.cookie_lifetime', 60 * 60 * 24 * 365); // weak: php-session-long
ini_set('session.gc_maxlifetime', 60 * 60 * 24 * 365);

if (isset($_GET['sid'])) {
    session_id($_GET['sid']); // unsure: php-session-id-from-request
}
session_start();

$pdo = new PDO(getenv('DATABASE_DSN'), getenv('DATABASE_USER'), getenv('DATABASE_PASSWORD'), [
    PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
]);

function user(PDO $pdo): ?array
{
    if (!isset($_SESSION['user_id'])) {
        return null;
    }
    $statement = $pdo->prepare('SELECT id, name FROM users WHERE id = ?');
    $statement->execute([$_SESSION['user_id']]);

    return $statement->fetch(PDO::FETCH_ASSOC) ?: null;
}
