defmodule Shop.Token do
  use Joken.Config

  @impl true
  def token_config do
    default_claims(default_exp: 60 * 60, iss: "shop", aud: "api")
  end

  def signer, do: Joken.Signer.create("HS256", System.fetch_env!("JWT_SECRET"))

  def subject(token) do
    with {:ok, claims} <- verify_and_validate(token, signer()) do
      {:ok, claims["sub"]}
    end
  end

  def profile(token) do
    headers = [{"Authorization", "Bearer " <> token}]
    HTTPoison.get("https://id.example.com/userinfo", headers, ssl: [verify: :verify_peer, cacerts: :public_key.cacerts_get()])
  end
end
