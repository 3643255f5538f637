<?php

declare(strict_types=1);

require __DIR__ . '/../src/bootstrap.php';

$error = null;
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    $statement = $pdo->prepare('SELECT id, name, hash FROM users WHERE name = ?');
    $statement->execute([$_POST['name'] ?? '']);
    $row = $statement->fetch(PDO::FETCH_ASSOC);

    if ($row && password_verify($_POST['password'] ?? '', $row['hash'])) {
        $_SESSION['user_id'] = $row['id']; // unsure: php-login-session-kept
        $token = sha1(uniqid((string) mt_rand(), true)); // unsure: php-token-weak-random
        $pdo->prepare('UPDATE users SET token = ? WHERE id = ?')->execute([$token, $row['id']]);

        setcookie('auth_token', $token, time() + 3600, '/', '', true); // weak: php-cookie-not-httponly
        setcookie('remember_me', $token, ['expires' => time() + 86400, 'secure' => false, 'httponly' => true]); // weak: php-cookie-not-secure
        setcookie('lang', $_POST['lang'] ?? 'en', time() + 86400, '/');
        header('Location: /');
        exit;
    }
    $error = 'Wrong name or password.';
}
?>
<!doctype html>
<title>Sign in</title>
<form method="post">
    <?php if ($error !== null): ?><p class="error"><?= htmlspecialchars($error) ?></p><?php endif ?>
    <label>Name <input name="name" autocomplete="username"></label>
    <label>Password <input name="password" type="password" autocomplete="current-password"></label>
    <button>Sign in</button>
</form>
