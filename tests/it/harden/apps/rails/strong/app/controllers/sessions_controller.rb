# frozen_string_literal: true

class SessionsController < ApplicationController
  skip_before_action :authenticate, only: %i[new create]

  def new
  end

  def create
    user = User.authenticate_by(email: params[:email], password: params[:password])
    unless user
      flash.now[:alert] = "Wrong name or password."
      return render :new, status: :unprocessable_entity
    end

    reset_session
    session[:user_id] = user.id
    cookies[:access_token] = { value: user.token, httponly: true, secure: true, same_site: :lax }
    cookies.signed[:session_token] = {
      value: user.token,
      httponly: true,
      secure: true,
      same_site: :strict,
    }
    cookies.signed[:remember_token] = { value: user.remember, expires: 2.weeks, httponly: true, secure: true }
    cookies[:locale] = user.locale
    redirect_to root_path
  end

  def destroy
    cookies.delete(:remember_token)
    reset_session
    redirect_to login_path, status: :see_other
  end
end
