package com.example.shop;

import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumer;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.keys.resolvers.HttpsJwksVerificationKeyResolver;

public class Jose4jTokens {

    private final JwtConsumer consumer;

    public Jose4jTokens(HttpsJwksVerificationKeyResolver keys) {
        this.consumer = new JwtConsumerBuilder()
            .setRequireExpirationTime()
            .setExpectedIssuer("https://id.example.com")
            .setExpectedAudience("api")
            .setVerificationKeyResolver(keys)
            .build();
    }

    public JwtClaims read(String token) throws InvalidJwtException {
        return this.consumer.processToClaims(token);
    }
}
