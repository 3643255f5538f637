<?php

declare(strict_types=1);

namespace Shop;

use DateTimeImmutable;
use Lcobucci\JWT\Configuration;
use Lcobucci\JWT\Signer\Hmac\Sha256;
use Lcobucci\JWT\Signer\Key\InMemory;
use Lcobucci\JWT\UnencryptedToken;

final class Lcobucci
{
    private Configuration $configuration;

    public function __construct(bool $signed)
    {
        $this->configuration = $signed
            ? Configuration::forSymmetricSigner(new Sha256(), InMemory::plainText('@SECRET@')) // weak: php-jwt-secret-written
            : Configuration::forUnsecuredSigner(); // weak: php-jwt-none
    }

    public function issue(string $user): string
    {
        $now = new DateTimeImmutable();

        return $this->configuration->builder()
            ->issuedBy('https://id.example.com')
            ->relatedTo($user)
            ->issuedAt($now)
            ->expiresAt($now->modify('+1 year')) // unsure: php-jwt-long
            ->getToken($this->configuration->signer(), $this->configuration->signingKey())
            ->toString();
    }

    public function user(string $jwt): ?string
    {
        $token = $this->configuration->parser()->parse($jwt); // unsure: php-jwt-unverified

        return $token instanceof UnencryptedToken ? $token->claims()->get('sub') : null;
    }
}
