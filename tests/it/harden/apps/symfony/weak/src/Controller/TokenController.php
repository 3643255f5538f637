<?php

namespace App\Controller;

use App\Entity\User;
use Lexik\Bundle\JWTAuthenticationBundle\Services\JWTTokenManagerInterface;
use Symfony\Bundle\FrameworkBundle\Controller\AbstractController;
use Symfony\Component\HttpFoundation\Cookie;
use Symfony\Component\HttpFoundation\JsonResponse;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\Routing\Attribute\Route;
use Symfony\Component\Security\Http\Attribute\CurrentUser;
use Symfony\Contracts\HttpClient\HttpClientInterface;

final class TokenController extends AbstractController
{
    public function __construct(
        private readonly JWTTokenManagerInterface $tokens,
        private readonly HttpClientInterface $client,
    ) {
    }

    #[Route('/login', name: 'app_login', methods: ['POST'])]
    public function login(#[CurrentUser] ?User $user): Response
    {
        if (null === $user) {
            return $this->json(['message' => 'missing credentials'], Response::HTTP_UNAUTHORIZED);
        }

        $jwt = $this->tokens->create($user);
        $response = new JsonResponse(['user' => $user->getUserIdentifier()]);
        $response->headers->setCookie(
            Cookie::create('access_token', $jwt)->withSecure(false)->withSameSite('lax') // weak: symfony-cookie-not-secure
        );
        $response->headers->setCookie(
            Cookie::create('refresh_token', $user->refreshToken())->withHttpOnly(false)->withSecure(true) // weak: symfony-cookie-not-httponly
        );
        $response->headers->setCookie(Cookie::create('theme', 'dark')->withHttpOnly(false));

        return $response;
    }

    #[Route('/orders', name: 'app_orders', methods: ['GET'])]
    public function orders(#[CurrentUser] User $user): Response
    {
        $answer = $this->client->request('GET', 'https://backend.example.com/orders', [
            'verify_peer' => false, // weak: php-tls-unverified-client
            'auth_bearer' => $this->tokens->create($user),
        ]);

        return $this->json($answer->toArray());
    }

    #[Route('/logout', name: 'app_logout', methods: ['POST'])]
    public function logout(): never
    {
        throw new \LogicException('Intercepted by the firewall.');
    }
}
