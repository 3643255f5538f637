export function connect(host, onMessage) {
  const socket = new WebSocket(`wss://${host}/live?room=lobby`);
  socket.addEventListener('message', (event) => onMessage(JSON.parse(event.data)));
  return socket;
}

export function begin(issuer, clientId) {
  const oauthState = crypto.randomUUID();
  const colour = Math.random() > 0.5 ? 'red' : 'blue';
  sessionStorage.setItem('colour', colour);
  sessionStorage.setItem('oauth_state', oauthState);
  const query = new URLSearchParams({ client_id: clientId, state: oauthState, response_type: 'code' });
  window.location.assign(`${issuer}/authorize?${query}`);
}
