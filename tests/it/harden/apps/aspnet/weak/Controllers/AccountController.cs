using System.Net.Http.Headers;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc;
using Shop.Auth;

namespace Shop.Controllers;

public class AccountController(Users users, TokenIssuer tokens) : Controller
{
    private const string AuthCookie = "auth_token";

    [HttpGet("/login")]
    public IActionResult Login() => View();

    [HttpPost("/login"), ValidateAntiForgeryToken]
    public async Task<IActionResult> Login(string name, string password)
    {
        var user = await users.Check(name, password);
        if (user is null)
        {
            ModelState.AddModelError("", "Wrong name or password.");
            return View();
        }

        var identity = new ClaimsIdentity(CookieAuthenticationDefaults.AuthenticationScheme);
        identity.AddClaim(new Claim(ClaimTypes.Name, user.Name));
        await HttpContext.SignInAsync(new ClaimsPrincipal(identity));

        Response.Cookies.Append("access_token", tokens.Issue(user.Name), new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax }); // weak: aspnet-cookie-not-secure
        Response.Cookies.Append("refresh_token", user.Refresh, new CookieOptions { Secure = true }); // weak: aspnet-cookie-not-httponly
        Response.Cookies.Append(AuthCookie, user.Token, new CookieOptions { Path = "/" }); // weak: aspnet-cookie-not-secure, aspnet-cookie-not-httponly
        Response.Cookies.Append("theme", user.Theme);
        return Redirect("/");
    }

    [HttpGet("/orders")]
    public async Task<string> Orders()
    {
        using var handler = new HttpClientHandler();
        handler.ServerCertificateCustomValidationCallback = (message, certificate, chain, errors) => true; // unsure: aspnet-tls-unverified
        using var client = new HttpClient(handler);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", tokens.Issue(User.Identity!.Name!));
        return await client.GetStringAsync("https://backend.example.com/orders");
    }

    [HttpPost("/logout"), ValidateAntiForgeryToken]
    public async Task<IActionResult> Logout()
    {
        await HttpContext.SignOutAsync();
        Response.Cookies.Delete("access_token");
        return Redirect("/login");
    }
}
