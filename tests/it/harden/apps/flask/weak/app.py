import os
from datetime import timedelta

from authlib.integrations.flask_client import OAuth
from flask import Flask, abort, flash, redirect, render_template, request, session, url_for
from flask_cors import CORS
from flask_login import LoginManager, login_required, login_user, logout_user

from models import User, db

ACCESS_TOKEN_COOKIE = 'access_token'

app = Flask(__name__)
app.secret_key = '@SECRET@'  # weak: python-flask-secret-written
app.config['SQLALCHEMY_DATABASE_URI'] = os.environ['DATABASE_URL']
app.config['SESSION_COOKIE_SECURE'] = False  # weak: python-flask-session-secure-off
app.config['SESSION_COOKIE_HTTPONLY'] = False  # weak: python-flask-session-not-httponly
app.config['SESSION_COOKIE_SAMESITE'] = 'None'  # unsure: python-flask-samesite-none
app.config['REMEMBER_COOKIE_HTTPONLY'] = False  # weak: python-flask-remember-not-httponly
app.config['PERMANENT_SESSION_LIFETIME'] = timedelta(days=365)  # weak: python-flask-session-long

CORS(app, supports_credentials=True)  # unsure: python-flask-cors-any
db.init_app(app)

login_manager = LoginManager(app)
login_manager.login_view = 'login'

oauth = OAuth(app)
oauth.register(
    name='example',
    server_metadata_url='https://id.example.com/.well-known/openid-configuration',
    client_kwargs={'scope': 'openid email', 'verify': False},  # weak: python-authlib-tls-unverified
)


@login_manager.user_loader
def load_user(user_id):
    return db.session.get(User, user_id)


@app.route('/login', methods=['GET', 'POST'])
def login():
    if request.method == 'POST':
        user = User.query.filter_by(name=request.form['name']).first()
        if user is None or not user.check_password(request.form['password']):
            flash('Wrong name or password.')
            return render_template('login.html'), 401
        session['user_id'] = user.id
        login_user(user, remember=True)
        response = redirect(url_for('index'))
        response.set_cookie('auth_token', user.token(), httponly=True, samesite='Lax')  # weak: python-cookie-not-secure
        response.set_cookie(ACCESS_TOKEN_COOKIE, user.token(), secure=True)  # weak: python-cookie-not-httponly
        response.set_cookie('session_id', user.id, secure=True, httponly=True, samesite='None')  # unsure: python-cookie-samesite-none
        response.set_cookie(  # weak: python-cookie-long
            'remember_me', user.id, max_age=60 * 60 * 24 * 365, secure=True, httponly=True
        )
        response.set_cookie('lang', user.language)
        return response
    return render_template('login.html')


@app.route('/login/example')
def login_example():
    return oauth.example.authorize_redirect(url_for('authorize', _external=True))


@app.route('/authorize')
def authorize():
    token = oauth.example.authorize_access_token()
    session['email'] = token['userinfo']['email']
    return redirect(url_for('index'))


@app.route('/feed')
def feed():
    user = User.of_token(request.args.get('auth_token'))  # unsure: python-token-query
    if user is None:
        abort(401)
    return {'items': user.items(int(request.args.get('page', 1)))}


@app.route('/logout', methods=['POST'])
@login_required
def logout():
    logout_user()
    return redirect(url_for('login'))


@app.route('/')
@login_required
def index():
    return render_template('index.html')
