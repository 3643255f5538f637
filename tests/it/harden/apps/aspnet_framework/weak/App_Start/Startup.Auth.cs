using System;
using System.Configuration;
using Microsoft.AspNet.Identity;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.Owin;
using Microsoft.Owin.Security.Cookies;
using Microsoft.Owin.Security.OpenIdConnect;
using Owin;

namespace Shop
{
    public partial class Startup
    {
        public void ConfigureAuth(IAppBuilder app)
        {
            app.UseCookieAuthentication(new CookieAuthenticationOptions
            {
                AuthenticationType = DefaultAuthenticationTypes.ApplicationCookie,
                LoginPath = new PathString("/Account/Login"),
                CookieSecure = CookieSecureOption.Never, // weak: aspnet-cookie-policy-not-secure
                CookieHttpOnly = false, // weak: aspnet-cookie-policy-not-httponly
                ExpireTimeSpan = TimeSpan.FromDays(180), // weak: aspnet-session-long
                SlidingExpiration = true,
            });

            app.UseOpenIdConnectAuthentication(new OpenIdConnectAuthenticationOptions
            {
                Authority = ConfigurationManager.AppSettings["oidc:Authority"],
                ClientId = ConfigurationManager.AppSettings["oidc:ClientId"],
                RedirectUri = "https://shop.example.com/signin-oidc",
                ResponseType = "code",
                ProtocolValidator = new OpenIdConnectProtocolValidator
                {
                    RequireState = false, // weak: aspnet-oauth-state-off
                },
            });
        }
    }
}
