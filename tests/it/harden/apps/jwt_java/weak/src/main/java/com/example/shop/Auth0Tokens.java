package com.example.shop;

import java.time.Instant;

import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import com.auth0.jwt.interfaces.DecodedJWT;

public class Auth0Tokens {

    public String issue(String user) {
        Algorithm algorithm = Algorithm.HMAC256("@SECRET@"); // weak: java-jwt-secret-written
        return JWT.create()
            .withIssuer("https://id.example.com")
            .withSubject(user)
            .withExpiresAt(Instant.now().plusSeconds(900))
            .sign(algorithm);
    }

    private static final String MAIL_SECRET = "@SECRET@";

    public String issueForMail(String user) {
        return JWT.create()
            .withSubject(user)
            .withExpiresAt(Instant.now().plusSeconds(3600))
            .sign(Algorithm.HMAC512(MAIL_SECRET)); // weak: java-jwt-secret-written
    }

    public String issueForPage(String user) {
        return JWT.create().withSubject(user).sign(Algorithm.none()); // weak: java-jwt-none
    }

    public String user(String token) {
        DecodedJWT decoded = JWT.decode(token); // unsure: java-jwt-decoded
        return decoded.getSubject();
    }
}
