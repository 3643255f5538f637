package com.example.shop;

import java.time.Instant;

import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import com.auth0.jwt.interfaces.DecodedJWT;

public class Auth0Tokens {

    private final Algorithm algorithm;

    public Auth0Tokens(byte[] secret) {
        this.algorithm = Algorithm.HMAC256(secret);
    }

    public String issue(String user) {
        return JWT.create()
            .withIssuer("https://id.example.com")
            .withSubject(user)
            .withExpiresAt(Instant.now().plusSeconds(900))
            .sign(this.algorithm);
    }

    public String issueForMail(String user, byte[] secret) {
        return JWT.create()
            .withSubject(user)
            .withExpiresAt(Instant.now().plusSeconds(3600))
            .sign(Algorithm.HMAC512(secret));
    }

    public String user(String token) {
        DecodedJWT decoded = JWT.require(this.algorithm).withIssuer("https://id.example.com").build().verify(token);
        return decoded.getSubject();
    }
}
