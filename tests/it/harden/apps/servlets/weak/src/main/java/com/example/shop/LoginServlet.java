package com.example.shop;

import java.io.IOException;
import java.util.Random;

import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;

@WebServlet("/login")
public class LoginServlet extends HttpServlet {

    private final Users users = new Users();

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        request.getRequestDispatcher("/login.jsp").forward(request, response);
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        User user = this.users.check(request.getParameter("name"), request.getParameter("password"));
        if (user == null) {
            response.sendError(HttpServletResponse.SC_UNAUTHORIZED);
            return;
        }
        request.changeSessionId();
        HttpSession session = request.getSession();
        session.setAttribute("user", user.id());
        session.setMaxInactiveInterval(-1); // weak: java-session-never-ends

        String rememberToken = Long.toHexString(new Random().nextLong()); // weak: java-token-weak-random
        Cookie cookie = new Cookie("remember_me", rememberToken); // weak: java-cookie-not-secure, java-cookie-not-httponly
        cookie.setPath("/");
        cookie.setMaxAge(14 * 24 * 60 * 60);
        response.addCookie(cookie);
        response.addCookie(new Cookie("theme", user.theme()));
        response.sendRedirect("/");
    }

    static String newSessionToken(int length) { // unsure: java-token-function-weak-random
        Random random = new Random();
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) ('a' + random.nextInt(26)));
        }
        return text.toString();
    }
}
