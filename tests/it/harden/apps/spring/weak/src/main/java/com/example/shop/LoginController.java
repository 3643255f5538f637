package com.example.shop;

import java.time.Duration;

import org.springframework.http.HttpHeaders;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ResponseEntity;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/api")
public class LoginController {

    private static final String REFRESH_TOKEN_COOKIE = "refresh_token";

    private final AuthenticationManager manager;
    private final Tokens tokens;

    public LoginController(AuthenticationManager manager, Tokens tokens) {
        this.manager = manager;
        this.tokens = tokens;
    }

    public record Login(String name, String password) {
    }

    @PostMapping("/login")
    public ResponseEntity<Void> login(@RequestBody Login login) {
        Authentication request = UsernamePasswordAuthenticationToken.unauthenticated(login.name(), login.password());
        Authentication answer = this.manager.authenticate(request);

        ResponseCookie access = ResponseCookie.from("access_token", this.tokens.issue(answer)) // weak: java-response-cookie-not-secure
            .httpOnly(true)
            .sameSite("Lax")
            .path("/")
            .maxAge(Duration.ofMinutes(15))
            .build();
        ResponseCookie refresh = ResponseCookie.from(REFRESH_TOKEN_COOKIE, this.tokens.refresh(answer)) // weak: java-response-cookie-not-httponly unsure: java-response-cookie-samesite-none
            .secure(true)
            .sameSite("None")
            .path("/api/refresh")
            .build();
        ResponseCookie theme = ResponseCookie.from("theme", "dark").path("/").build();

        return ResponseEntity.noContent()
            .header(HttpHeaders.SET_COOKIE, access.toString(), refresh.toString(), theme.toString())
            .build();
    }

    @PostMapping("/logout")
    public ResponseEntity<Void> logout() {
        ResponseCookie access = ResponseCookie.from("access_token", "").path("/").maxAge(0).build();
        return ResponseEntity.noContent().header(HttpHeaders.SET_COOKIE, access.toString()).build();
    }
}
