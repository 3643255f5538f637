package com.example.shop;

import java.time.Duration;
import java.util.UUID;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.core.ClientAuthenticationMethod;
import org.springframework.security.oauth2.server.authorization.client.InMemoryRegisteredClientRepository;
import org.springframework.security.oauth2.server.authorization.client.RegisteredClient;
import org.springframework.security.oauth2.server.authorization.client.RegisteredClientRepository;
import org.springframework.security.oauth2.server.authorization.settings.ClientSettings;
import org.springframework.security.oauth2.server.authorization.settings.TokenSettings;

@Configuration
public class AuthorizationServer {

    @Bean
    RegisteredClientRepository registeredClientRepository() {
        RegisteredClient web = RegisteredClient.withId(UUID.randomUUID().toString())
            .clientId("web")
            .clientAuthenticationMethod(ClientAuthenticationMethod.NONE)
            .authorizationGrantType(AuthorizationGrantType.AUTHORIZATION_CODE)
            .authorizationGrantType(AuthorizationGrantType.PASSWORD) // weak: spring-oauth-password
            .authorizationGrantType(AuthorizationGrantType.REFRESH_TOKEN)
            .redirectUri("*") // weak: java-redirect-uri-any
            .scope("orders")
            .clientSettings(ClientSettings.builder()
                .requireProofKey(false) // weak: spring-oauth-pkce-off
                .build())
            .tokenSettings(TokenSettings.builder()
                .accessTokenTimeToLive(Duration.ofMinutes(10))
                .reuseRefreshTokens(true) // weak: spring-oauth-refresh-kept
                .build())
            .build();
        return new InMemoryRegisteredClientRepository(web);
    }
}
