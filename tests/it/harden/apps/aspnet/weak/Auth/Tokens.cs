using System.IdentityModel.Tokens.Jwt;
using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace Shop.Auth;

public static class TokenExtensions
{
    public static IServiceCollection AddTokens(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddAuthentication().AddJwtBearer(JwtBearerDefaults.AuthenticationScheme, options =>
        {
            options.Authority = configuration["Jwt:Authority"];
            options.TokenValidationParameters = new TokenValidationParameters
            {
                ValidateIssuerSigningKey = true,
                RequireSignedTokens = false, // weak: aspnet-jwt-signature-optional
                ValidateLifetime = false, // weak: aspnet-jwt-expiry-unchecked
                ValidateAudience = false, // weak: aspnet-jwt-audience-unchecked
                ValidateIssuer = false, // unsure: aspnet-jwt-issuer-unchecked
                SignatureValidator = (token, parameters) => new JwtSecurityToken(token), // weak: aspnet-jwt-unverified
                ClockSkew = TimeSpan.FromMinutes(1),
            };
        });
        return services;
    }
}
