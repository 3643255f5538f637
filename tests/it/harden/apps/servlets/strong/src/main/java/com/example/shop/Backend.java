package com.example.shop;

import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;

import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

final class Backend {

    private final TrustManager[] trusted;

    Backend(KeyStore authorities) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(authorities);
        this.trusted = factory.getTrustManagers();
    }

    HttpsURLConnection open(java.net.URL url, String token) throws GeneralSecurityException, java.io.IOException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, this.trusted, new SecureRandom());
        HttpsURLConnection connection = (HttpsURLConnection) url.openConnection();
        connection.setSSLSocketFactory(context.getSocketFactory());
        connection.setRequestProperty("Authorization", "Bearer " + token);
        return connection;
    }
}
