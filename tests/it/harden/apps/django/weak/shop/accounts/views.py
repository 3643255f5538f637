import random
import string

import requests
from django.contrib.auth import authenticate, login, logout
from django.http import HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from .forms import LoginForm
from .models import Device

REMEMBER = 60 * 60 * 24 * 400


@require_http_methods(['GET', 'POST'])
def sign_in(request):
    form = LoginForm(request, data=request.POST or None)
    if request.method == 'POST' and form.is_valid():
        user = authenticate(
            request,
            username=form.cleaned_data['username'],
            password=form.cleaned_data['password'],
        )
        if user is not None:
            login(request, user)
            device_token = ''.join(random.choice(string.ascii_letters) for _ in range(32))  # unsure: python-token-weak-random
            Device.objects.create(user=user, token=device_token)
            response = HttpResponseRedirect('/')
            response.set_cookie('remember_token', device_token, secure=True, samesite='Lax')  # weak: python-cookie-not-httponly
            response.set_signed_cookie('session_token', user.pk, httponly=True)  # weak: python-cookie-not-secure
            response.set_cookie('lang', user.language)
            return response
        form.add_error(None, 'Wrong name or password.')
    return render(request, 'login.html', {'form': form})


@require_POST
def sign_out(request):
    logout(request)
    response = redirect('login')
    response.delete_cookie('remember_token')
    return response


def me(request):
    token = request.GET.get('access_token')  # unsure: python-token-query
    answer = requests.get(  # weak: python-tls-unverified
        'https://id.example.com/userinfo', headers={'Authorization': f'Bearer {token}'}, verify=False
    )
    return JsonResponse(answer.json())
