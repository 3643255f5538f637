import os
from datetime import timedelta

from authlib.integrations.flask_client import OAuth
from flask import Flask, abort, flash, redirect, render_template, request, session, url_for
from flask_cors import CORS
from flask_login import LoginManager, login_required, login_user, logout_user

from models import User, db

ACCESS_TOKEN_COOKIE = 'access_token'

app = Flask(__name__)
app.secret_key = os.environ['SECRET_KEY']
app.config['SQLALCHEMY_DATABASE_URI'] = os.environ['DATABASE_URL']
app.config['SESSION_COOKIE_SECURE'] = True
app.config['SESSION_COOKIE_HTTPONLY'] = True
app.config['SESSION_COOKIE_SAMESITE'] = 'Lax'
app.config['REMEMBER_COOKIE_SECURE'] = True
app.config['PERMANENT_SESSION_LIFETIME'] = timedelta(hours=8)

CORS(app, origins=['https://app.example.com'], supports_credentials=True)
db.init_app(app)

login_manager = LoginManager(app)
login_manager.login_view = 'login'

oauth = OAuth(app)
oauth.register(
    name='example',
    server_metadata_url='https://id.example.com/.well-known/openid-configuration',
    client_kwargs={'scope': 'openid email', 'code_challenge_method': 'S256'},
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
        session.clear()
        session['user_id'] = user.id
        login_user(user, remember=True)
        response = redirect(url_for('index'))
        response.set_cookie('auth_token', user.token(), httponly=True, secure=True, samesite='Lax')
        response.set_cookie(ACCESS_TOKEN_COOKIE, user.token(), secure=True, httponly=True, samesite='Strict')
        response.set_cookie('session_id', user.id, secure=True, httponly=True, samesite='Lax')
        response.set_cookie(
            'remember_me', user.id, max_age=60 * 60 * 24 * 14, secure=True, httponly=True
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
    user = User.of_token(request.headers.get('X-Auth'))
    if user is None:
        abort(401)
    return {'items': user.items(int(request.args.get('page', 1)))}


@app.route('/logout', methods=['POST'])
@login_required
def logout():
    logout_user()
    session.clear()
    return redirect(url_for('login'))


@app.route('/')
@login_required
def index():
    return render_template('index.html')
