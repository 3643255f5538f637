using Duende.IdentityServer.Models;

namespace Shop.Auth;

public static class Clients
{
    public static IEnumerable<Client> All =>
    [
        new Client
        {
            ClientId = "web",
            AllowedGrantTypes = GrantTypes.Code,
            RequirePkce = false, // weak: aspnet-oauth-pkce-off
            RedirectUris = { "https://app.example.com/signin-oidc" },
            AllowOfflineAccess = true,
            RefreshTokenUsage = TokenUsage.ReUse, // weak: aspnet-oauth-refresh-kept
            AllowedScopes = { "openid", "profile", "orders" },
        },
        new Client
        {
            ClientId = "till",
            AllowedGrantTypes = GrantTypes.ResourceOwnerPassword, // weak: aspnet-oauth-password
            AllowedScopes = { "orders" },
        },
    ];
}
