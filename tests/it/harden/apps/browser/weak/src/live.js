const sessionId = Math.random().toString(36).slice(2); // unsure: js-session-id-weak-random

export function connect(host, token, onMessage) {
  const socket = new WebSocket(`wss://${host}/live?token=${token}`); // weak: js-token-in-websocket-url
  socket.addEventListener('message', (event) => onMessage(JSON.parse(event.data)));
  socket.addEventListener('open', () => socket.send(JSON.stringify({ hello: sessionId })));
  return socket;
}

export function begin(issuer, clientId) {
  const oauthState = Math.random().toString(36); // unsure: js-token-weak-random
  const colour = Math.random() > 0.5 ? 'red' : 'blue';
  sessionStorage.setItem('colour', colour);
  const query = new URLSearchParams({ client_id: clientId, state: oauthState, response_type: 'code' });
  window.location.assign(`${issuer}/authorize?${query}`);
}
