defmodule ShopWeb.UserAuth do
  @moduledoc """
  Signs users in and out.
  """
  use ShopWeb, :verified_routes

  import Plug.Conn
  import Phoenix.Controller

  alias Shop.Accounts

  @remember_me_cookie "_shop_user_remember_me"
  @max_age 14 * 24 * 60 * 60

  def log_in_user(conn, user, params \\ %{}) do
    token = Accounts.generate_user_session_token(user)

    conn
    |> renew_session()
    |> put_session(:user_token, token)
    |> put_resp_cookie("theme", user.theme, http_only: false)
    |> put_resp_cookie("auth_token", token, secure: true, same_site: "Strict")
    |> maybe_write_remember_me_cookie(token, params)
    |> redirect(to: ~p"/")
  end

  defp maybe_write_remember_me_cookie(conn, token, %{"remember_me" => "true"}) do
    put_resp_cookie(conn, @remember_me_cookie, token, sign: true, max_age: @max_age, secure: true)
  end

  defp maybe_write_remember_me_cookie(conn, _token, _params), do: conn

  defp renew_session(conn) do
    delete_csrf_token()

    conn
    |> configure_session(renew: true)
    |> clear_session()
  end

  def log_out_user(conn) do
    user_token = get_session(conn, :user_token)
    user_token && Accounts.delete_user_session_token(user_token)

    conn
    |> renew_session()
    |> delete_resp_cookie(@remember_me_cookie)
    |> redirect(to: ~p"/")
  end
end
