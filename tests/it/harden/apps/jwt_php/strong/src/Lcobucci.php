<?php

declare(strict_types=1);

namespace Shop;

use DateTimeImmutable;
use Lcobucci\Clock\SystemClock;
use Lcobucci\JWT\Configuration;
use Lcobucci\JWT\Signer\Hmac\Sha256;
use Lcobucci\JWT\Signer\Key\InMemory;
use Lcobucci\JWT\UnencryptedToken;
use Lcobucci\JWT\Validation\Constraint\SignedWith;
use Lcobucci\JWT\Validation\Constraint\StrictValidAt;

final class Lcobucci
{
    private Configuration $configuration;

    public function __construct(string $path)
    {
        $this->configuration = Configuration::forSymmetricSigner(new Sha256(), InMemory::file($path));
    }

    public function issue(string $user): string
    {
        $now = new DateTimeImmutable();

        return $this->configuration->builder()
            ->issuedBy('https://id.example.com')
            ->relatedTo($user)
            ->issuedAt($now)
            ->expiresAt($now->modify('+15 minutes'))
            ->getToken($this->configuration->signer(), $this->configuration->signingKey())
            ->toString();
    }

    public function user(string $jwt): ?string
    {
        $token = $this->configuration->parser()->parse($jwt);

        $this->configuration->validator()->assert(
            $token,
            new SignedWith($this->configuration->signer(), $this->configuration->verificationKey()),
            new StrictValidAt(SystemClock::fromUTC()),
        );

        return $token instanceof UnencryptedToken ? $token->claims()->get('sub') : null;
    }
}
