package com.example.shop;

import java.util.Date;

import javax.crypto.SecretKey;

import io.jsonwebtoken.Claims;
import io.jsonwebtoken.Jwts;
import io.jsonwebtoken.SignatureAlgorithm;
import io.jsonwebtoken.security.Keys;

public class JjwtTokens {

    private static final long MINUTE = 60_000L;

    private final SecretKey key;

    public JjwtTokens(byte[] secret) {
        this.key = Keys.hmacShaKeyFor(secret);
    }

    public String issue(String user) {
        return Jwts.builder()
            .subject(user)
            .issuedAt(new Date())
            .expiration(new Date(System.currentTimeMillis() + 15 * MINUTE))
            .signWith(this.key)
            .compact();
    }

    public String issueLong(String user) {
        return Jwts.builder()
            .subject(user)
            .expiration(new Date(System.currentTimeMillis() + 30L * 24 * 60 * 60 * 1000)) // weak: java-jwt-long
            .signWith(this.key)
            .compact();
    }

    public String issueOld(String user) {
        return Jwts.builder()
            .setSubject(user)
            .setExpiration(new Date(System.currentTimeMillis() + 15 * MINUTE))
            .signWith(SignatureAlgorithm.HS256, "@SECRET@") // weak: java-jwt-secret-written
            .compact();
    }

    public Claims read(String token) {
        return Jwts.parser().unsecured().verifyWith(this.key).build().parseSignedClaims(token).getPayload(); // unsure: java-jjwt-unsigned
    }
}
