<?php

declare(strict_types=1);

ini_set('session.use_strict_mode', 1);
ini_set('session.use_only_cookies', '1');
ini_set('session.use_trans_sid', '0');
ini_set('session.cookie_httponly', '1');
ini_set('session.cookie_secure', '1');
ini_set('session.cookie_samesite', 'Lax');
ini_set('session.cookie_lifetime', 0);
ini_set('session.gc_maxlifetime', '3600');

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
