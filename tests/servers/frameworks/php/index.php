<?php
// PHP's own sessions, as php.ini or `-d` sets them up; GOOD is there where all is as it should be.
if (getenv('GOOD') !== false) {
    header('Strict-Transport-Security: max-age=31536000; includeSubDomains');
}
session_start();
$_SESSION['seen'] = true;
echo '<a href="/login.php?next=1">log in</a>';
