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
            RequirePkce = true,
            RedirectUris = { "https://app.example.com/signin-oidc" },
            AllowOfflineAccess = true,
            RefreshTokenUsage = TokenUsage.OneTimeOnly,
            AllowedScopes = { "openid", "profile", "orders" },
        },
        new Client
        {
            ClientId = "till",
            AllowedGrantTypes = GrantTypes.ClientCredentials,
            AllowedScopes = { "orders" },
        },
    ];
}
