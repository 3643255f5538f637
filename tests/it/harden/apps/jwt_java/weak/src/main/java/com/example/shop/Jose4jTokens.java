package com.example.shop;

import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumer;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.keys.resolvers.HttpsJwksVerificationKeyResolver;

public class Jose4jTokens {

    private final JwtConsumer consumer;
    private final JwtConsumer first;

    public Jose4jTokens(HttpsJwksVerificationKeyResolver keys) {
        this.first = new JwtConsumerBuilder()
            .setSkipSignatureVerification() // unsure: java-jose4j-signature-skipped
            .build();
        this.consumer = new JwtConsumerBuilder()
            .setRequireExpirationTime()
            .setExpectedIssuer("https://id.example.com")
            .setSkipDefaultAudienceValidation() // weak: java-jose4j-audience-skipped
            .setVerificationKeyResolver(keys)
            .build();
    }

    public JwtClaims read(String token) throws InvalidJwtException {
        this.first.processToClaims(token);
        return this.consumer.processToClaims(token);
    }
}
