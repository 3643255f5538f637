using System.IdentityModel.Tokens.Jwt;
using System.Security.Claims;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Shop.Auth;

public sealed class TokenIssuer
{
    private readonly SymmetricSecurityKey key = new SymmetricSecurityKey(Encoding.UTF8.GetBytes("@SECRET@")); // weak: aspnet-jwt-secret-written

    public string Issue(string user)
    {
        var claims = new[] { new Claim(JwtRegisteredClaimNames.Sub, user) };
        var token = new JwtSecurityToken(
            issuer: "https://shop.example.com",
            audience: "api",
            claims: claims,
            expires: DateTime.UtcNow.AddDays(30), // weak: aspnet-jwt-long
            signingCredentials: new SigningCredentials(key, SecurityAlgorithms.HmacSha256));
        return new JwtSecurityTokenHandler().WriteToken(token);
    }

    public string Session()
    {
        var sessionToken = new Random().Next().ToString("x8"); // weak: aspnet-token-weak-random
        return sessionToken;
    }
}
